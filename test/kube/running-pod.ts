/** One Pod of the kubelet, from its binding to its end. One step at a time, each with the newest object that was seen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Pod, podKey, podNumber, podPath, podPorts, runningStatus, annotations as words } from './pod.ts';
import type { PodHost } from './pod-network.ts';
import { type ApiClient, ApiError } from './request.ts';

export interface RunPodOptions {
  readonly client: ApiClient;
  readonly pod: Pod;
  readonly host: PodHost;
  /** The Node's name. */
  readonly node: string;
  /** From its deletion until it refuses, in milliseconds. */
  readonly refuseAfterMs: (pod: Pod) => number;
  readonly report: (problem: string) => void;
  /** It was taken out of the API. */
  readonly gone: () => void;
}

export interface RunningPod {
  readonly key: string;
  readonly node: string;
  /** Empty until it has one. */
  readonly address: string;
  update(pod: Pod): void;
  crash(): Promise<void>;
  /** The API does not have it any more, or nobody cares: the servers end, nothing is written. */
  forget(): void;
}

/** Binds it first when nobody did. */
export function runPod({ client, pod, host, node, refuseAfterMs, report, gone }: RunPodOptions): RunningPod {
  const key = podKey(pod);
  const path = podPath(pod);
  const life = new AbortController();
  let newest = pod;
  let address = '';
  let containersReady = false;
  let ending = false;
  let written = '';
  let line: Promise<void> = Promise.resolve();

  /** Tries until it is done, the object is gone, or it is forgotten. */
  const enqueue = (step: () => Promise<void>): void => {
    line = line.then(async () => {
      while (!life.signal.aborted) {
        try {
          return await step();
        } catch (error) {
          if (life.signal.aborted) return;
          // Gone, or another Pod by now, or already bound: the watch tells the rest.
          if (error instanceof ApiError && [404, 409].includes(error.code)) return;
          if (error instanceof ApiError && error.code < 500) return report(`${key}: ${error.message}`);
          if (error instanceof Error && error.message.startsWith('echo server'))
            return report(`${key}: ${error.message}`);
          await wait(100);
        }
      }
    });
  };
  const wait = (ms: number) => sleep(ms, undefined, { signal: life.signal, ref: false }).catch(() => {});

  const writeStatus = async (): Promise<void> => {
    if (address === '') return;
    const ready = containersReady && newest.metadata.annotations?.[words.unready] !== 'true';
    const status = runningStatus(newest, { pod: address, host: host.address }, ready, now());
    // Times apart, so that the answer to what was written is not written again.
    const text = JSON.stringify(status).replace(/"\d{4}-\d\d-\d\dT[^"]*"/g, '');
    if (text === written) return;
    await client.request(
      'PATCH',
      `${path}/status`,
      { metadata: { uid: newest.metadata.uid }, status },
      'application/strategic-merge-patch+json',
    );
    written = text;
  };

  const begin = async (): Promise<void> => {
    if (newest.spec.nodeName === undefined) {
      await client.request('POST', `${path}/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: newest.metadata.name, uid: newest.metadata.uid },
        target: { apiVersion: 'v1', kind: 'Node', name: node },
      });
    }
    const taken = newest.spec.hostNetwork ? host.address : host.takeAddress();
    await host.open(taken, podPorts(newest), key);
    address = taken;
    const readyAfterMs = podNumber(newest, words.readyAfterMs, 0);
    containersReady = readyAfterMs === 0;
    await writeStatus();
    if (readyAfterMs > 0) {
      wait(readyAfterMs).then(() =>
        enqueue(async () => {
          containersReady = true;
          await writeStatus();
        }),
      );
    }
    // A job's Pod without ports has nothing to do.
    if (
      newest.spec.restartPolicy !== undefined &&
      newest.spec.restartPolicy !== 'Always' &&
      podPorts(newest).length === 0
    )
      await client.request('PATCH', `${path}/status`, succeeded(newest), 'application/strategic-merge-patch+json');
  };

  const endPod = async (): Promise<void> => {
    if (address !== '') {
      await host.refuse(key);
      containersReady = false;
      await writeStatus();
      await host.kill(key);
    }
    await client.request('DELETE', path, {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
      preconditions: { uid: newest.metadata.uid },
    });
    gone();
  };

  const update = (next: Pod): void => {
    newest = next;
    if (next.metadata.deletionTimestamp === undefined) enqueue(writeStatus);
    else if (!ending) endLater(next);
  };

  const endLater = (deleted: Pod): void => {
    ending = true;
    // Not in line: the clock of the grace period runs, whatever else is being written.
    wait(address === '' ? 0 : refuseAfterMs(deleted)).then(() => enqueue(endPod));
  };

  if (pod.metadata.deletionTimestamp === undefined) enqueue(begin);
  else update(pod);
  return {
    ...{ key, node },
    get address() {
      return address;
    },
    update,
    crash: () => host.kill(key),
    forget() {
      life.abort();
      // The node may have ended before.
      if (address !== '') host.kill(key).catch(() => {});
    },
  };
}

function succeeded(pod: Pod): object {
  const at = now();
  const state = { terminated: { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at } };
  return {
    status: {
      phase: 'Succeeded',
      conditions: [{ type: 'Ready', status: 'False', reason: 'PodCompleted', lastTransitionTime: at }],
      containerStatuses: pod.spec.containers.map(({ name, image }) => ({
        ...{ name, image, imageID: '', ready: false, restartCount: 0, state },
      })),
    },
  };
}

function now(): string {
  return new Date().toISOString();
}
