import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Target } from '../../../src/model/index.ts';
import { noTargets, RestingTargets, withTargets } from '../../../src/sources/kubernetes/resting-targets.ts';

const targets: readonly Target[] = [
  { address: '10.0.0.1', port: 8080, node: 'node-1', zone: 'a', pod: 'web-1', weight: 1, state: 'ready' },
  { address: '10.0.0.2', port: 8080, node: 'node-1', zone: 'a', pod: 'web-2', weight: 1, state: 'ready' },
  { address: '10.0.0.3', port: 8081, pod: 'web-3', weight: 1, state: 'draining' },
  { address: '2001:db8::1', port: 8081, node: 'node-2', weight: 1, state: 'draining' },
  { address: '2001:db8::2', port: 8081, weight: 1, state: 'draining' },
];
const rest = { targetKind: 'ip', protocol: 'http', balance: 'roundrobin' } as const;

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc: () => void = runInNewContext('gc');
  // What was looked at stays until the turn ends.
  await turn();
  gc();
}

describe('targets at rest', () => {
  it('are what they were, whatever they have', () => {
    assert.deepEqual(new RestingTargets(targets).list, targets);
    assert.deepEqual(new RestingTargets(targets.toReversed()).list, targets.toReversed());
    assert.deepEqual(noTargets.list, []);
    const long = ['a', 'ab', 'a', 'b', 'ab'].map((end, i): Target => {
      const pod = `${'web-'.repeat(i < 3 ? 10 : 8)}${end}`;
      return { address: `10.0.0.${10 ** (i % 3)}`, port: 10 ** (4 - i), pod, weight: 1, state: 'ready' };
    });
    assert.deepEqual(new RestingTargets(long).list, long);
  });

  it('are equal when they say the same', () => {
    assert.ok(new RestingTargets(targets).equals(new RestingTargets(structuredClone(targets))));
    assert.ok(!new RestingTargets(targets).equals(new RestingTargets(targets.slice(1))));
  });

  it('are one list while anybody has it, and another equal one later', async () => {
    const backend = withTargets(new RestingTargets(targets), rest);
    const held = backend.targets;
    const gone = new WeakRef(withTargets(new RestingTargets(targets), rest).targets);
    await collectGarbage();
    assert.equal(gone.deref(), undefined, 'a list that nobody has is not kept');
    assert.equal(backend.targets, held);
    assert.deepEqual(backend.targets, targets);
  });

  it('are a field of their backend like any other', () => {
    const backend = withTargets(new RestingTargets(targets), rest);
    assert.deepEqual(backend, { targets, ...rest });
    assert.equal(JSON.stringify(backend), JSON.stringify({ targets, ...rest }));
    assert.deepEqual(structuredClone(backend), { targets, ...rest });
    assert.equal({ ...backend, drainMs: 1 }.targets, backend.targets);
  });
});
