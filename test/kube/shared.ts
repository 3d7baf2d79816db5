/** One control plane for all tests of a process, a namespace for each. */
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { findPrograms } from './programs.mjs';
import type { ApplyObject } from './request.ts';

/** For `describe('…', { skip: missingKube() }, …)`: false, or why there is no control plane on this machine. */
export function missingKube(): string | false {
  return findPrograms('kube').missing ?? false;
}

let shared: Promise<ControlPlane> | undefined;

/** Started when it is first asked for, gone with the process. Tests that kill or configure the server start one of their own. */
export function sharedControlPlane(): Promise<ControlPlane> {
  shared ??= startControlPlane();
  return shared;
}

/** A new namespace with its default service account, without which no Pod is admitted. Deleted after the test, which waits for nothing. */
export async function makeNamespace(t: TestContext, plane: ControlPlane, prefix = 'test'): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  await plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  // A server of the test's own may have gone first.
  t.after(() => plane.client.remove(`/api/v1/namespaces/${name}`).catch(() => {}));
  if (!plane.controllers) return name;
  await eventually(
    () => plane.client.probe('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`),
    (code) => code === 200,
  );
  return name;
}

/** A CustomResourceDefinition as far as it is read here; everything else of it is sent as it is. */
export interface Crd extends ApplyObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string } & Record<string, unknown>;
    readonly versions: readonly ({ readonly name: string } & Record<string, unknown>)[];
  } & Record<string, unknown>;
}

/** Answers when objects of every version are accepted: of a new API group that is two seconds after the CRD itself. */
export async function installCrd(plane: ControlPlane, crd: Crd): Promise<void> {
  await plane.client.apply(crd);
  const { group, names, versions } = crd.spec;
  for (const { name } of versions) {
    await eventually(
      () => plane.client.probe('GET', `/apis/${group}/${name}/${names.plural}?limit=1`),
      (code) => code === 200,
    );
  }
}

/** Asks until the answer is right, and answers it. Throws with the last answer when it is not within the time, half a minute if not given. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  right: (answer: T) => boolean,
  timeoutMs = 30_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (right(answer)) return answer;
    if (performance.now() > end) throw new Error(`after ${timeoutMs} ms still ${JSON.stringify(answer)}`);
    await sleep(20);
  }
}
