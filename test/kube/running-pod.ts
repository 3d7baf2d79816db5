/** One Pod of the kubelet, from its binding to its end. One step at a time, each with the newest object that was seen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Pod, podKey, podNumber, podPath, podPorts, runningStatus, annotations as words } from './pod.ts';
import type { PodHost } from './pod-network.ts';
import { type ApiClient, ApiError } from './request.ts';

/** A program of the test's own instead of an echo server. */
export interface PodProgram {
  /** Its readiness probe, asked ten times a second, also while it ends. Must not reject. */
  readonly ready: () => Promise<boolean> | boolean;
  /** SIGTERM, and SIGKILL when the time is over; answers when it has ended. 0: at once. May be asked again. */
  readonly stop: (graceMs: number) => Promise<void>;
}

export interface PodPlace {
  readonly node: string;
  /** The Pod's; the node's when it is on the network of the host. It can be bound there. */
  readonly address: string;
  /** What starts a program in the node's network. */
  readonly inside: readonly string[];
}

/** Starts what a Pod runs; undefined: an echo server. */
export type StartPod = (pod: Pod, place: PodPlace) => Promise<PodProgram | undefined> | PodProgram | undefined;

export interface RunPodOptions {
  readonly client: ApiClient;
  readonly pod: Pod;
  readonly host: PodHost;
  /** The Node's name. */
  readonly node: string;
  readonly start: StartPod;
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
export function runPod({ client, pod, host, node, start, refuseAfterMs, report, gone }: RunPodOptions): RunningPod {
  const key = podKey(pod);
  const path = podPath(pod);
  const life = new AbortController();
  let newest = pod;
  let address = '';
  let containersReady = false;
  let program: PodProgram | undefined;
  let ending = false;
  let finished = false;
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
    if (address === '' || finished) return;
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

  const bind = async (): Promise<void> => {
    if (newest.spec.nodeName !== undefined) return;
    await client.request('POST', `${path}/binding`, {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: newest.metadata.name, uid: newest.metadata.uid },
      target: { apiVersion: 'v1', kind: 'Node', name: node },
    });
  };

  const startContainers = async (): Promise<void> => {
    const taken = newest.spec.hostNetwork ? host.address : host.takeAddress();
    const started = await start(newest, { node, address: taken, inside: host.inside });
    // It was forgotten meanwhile.
    if (life.signal.aborted) return started?.stop(0);
    if (started === undefined) await host.open(taken, podPorts(newest), key);
    program = started;
    address = taken;
    if (started !== undefined) void probe(started);
    else wait(podNumber(newest, words.readyAfterMs, 0)).then(() => setReady(true));
  };

  const setReady = (ready: boolean): void => {
    containersReady = ready;
    enqueue(writeStatus);
  };

  /** A job's Pod without ports has nothing to do. */
  const finish = async (): Promise<void> => {
    const { restartPolicy = 'Always' } = newest.spec;
    if (program !== undefined || restartPolicy === 'Always' || podPorts(newest).length > 0) return;
    finished = true;
    await client.request('PATCH', `${path}/status`, succeeded(newest), 'application/strategic-merge-patch+json');
  };

  const probe = async (started: PodProgram): Promise<void> => {
    while (!life.signal.aborted) {
      const ready = await started.ready();
      if (ready !== containersReady) setReady(ready);
      await wait(100);
    }
  };

  const endPod = async (): Promise<void> => {
    // Deleted before it had begun, it has not been told yet.
    await program?.stop(0);
    if (address !== '' && program === undefined) {
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
    const ended =
      program === undefined
        ? wait(address === '' ? 0 : refuseAfterMs(deleted))
        : program.stop((deleted.metadata.deletionGracePeriodSeconds ?? 30) * 1000);
    ended.then(
      () => enqueue(endPod),
      (error) => report(`${key}: ${error}`),
    );
  };

  if (pod.metadata.deletionTimestamp === undefined)
    for (const step of [bind, startContainers, writeStatus, finish]) enqueue(step);
  else update(pod);
  return {
    ...{ key, node },
    get address() {
      return address;
    },
    update,
    crash: () => program?.stop(0) ?? host.kill(key),
    forget() {
      life.abort();
      // The node may have ended before.
      if (address !== '') (program?.stop(0) ?? host.kill(key)).catch(() => {});
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
