import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { healthAt } from '../../../providers/memory/health.ts';
import { forgetMemorySystem, memorySystem } from '../../../providers/memory/store.ts';
import { MemorySystem } from '../../../providers/memory/system.ts';

const plain = { refs: {}, sets: {} };
const weighted = (handle: string, weight: number) => new Map([[handle, { attrs: { weight }, addedMs: 0 }]]);

function world() {
  const system = new MemorySystem();
  const lb = system.create({ ...plain, kind: 'LoadBalancer', attrs: { name: 'a', scheme: 'internal' } }, 0);
  const tg = system.create({ ...plain, kind: 'TargetGroup', attrs: { name: 'g', protocol: 'http' } }, 0);
  system.setMembers('add', tg, 'targets', [['10.0.0.1:80', { attrs: {} }]], 0);
  const attrs = { port: 80, transport: 'tcp', place: 'a:80/tcp' };
  const listener = system.create({ kind: 'Listener', attrs, refs: { lb }, sets: { forward: weighted(tg, 1) } }, 0);
  return { system, lb, tg, listener };
}

describe('the memory system', () => {
  it('refuses what a cloud refuses, and changes nothing then', () => {
    const { system, lb, tg, listener } = world();
    const before = JSON.stringify(system.all());
    const refused: readonly (readonly [() => void, RegExp])[] = [
      [() => system.create({ ...plain, kind: 'LoadBalancer', attrs: { name: 'a' } }, 1), /lb a is taken/],
      [
        () => system.create({ ...plain, kind: 'Listener', attrs: { port: 80, transport: 'tcp' }, refs: { lb } }, 1),
        /is taken/,
      ],
      [
        () => system.create({ ...plain, kind: 'Rule', attrs: {}, refs: { listener: 'none' } }, 1),
        /no Listener that exists/,
      ],
      [() => system.update(lb, { attrs: { scheme: 'internet-facing' } }, 1), /scheme cannot be changed/],
      [() => system.delete(tg, 1), /in use by Listener/],
      [() => system.delete(lb, 1), /in use by Listener/],
      [
        () => system.setMembers('add', listener, 'forward', [['nothing', { attrs: {} }]], 1),
        /no TargetGroup that exists/,
      ],
    ];
    for (const [call, message] of refused) assert.throws(call, message);
    assert.equal(JSON.stringify(system.all()), before);
  });

  it('orders rules in one call, and not onto a number that is taken', () => {
    const { system, listener } = world();
    const rule = (priority: number) =>
      system.create({ ...plain, kind: 'Rule', attrs: { priority }, refs: { listener } }, 1);
    const [first, second, third] = [rule(1), rule(2), rule(3)];
    system.reorder(
      'priority',
      [
        [first, 2],
        [second, 1],
      ],
      2,
    );
    assert.deepEqual(
      [first, second, third].map((handle) => system.get(handle)?.attrs.priority),
      [2, 1, 3],
    );
    assert.throws(() => system.reorder('priority', [[first, 3]], 3), /is taken/);
  });

  it('checks health only while a front refers to it, and drains after the last one with a share has turned away', () => {
    const { system, tg, listener } = world();
    const rules = { healthMs: 100, drainMs: 50, sick: new Set<string>() };
    const health = (nowMs: number) => {
      const group = system.get(tg);
      return group === undefined ? undefined : healthAt(group, nowMs, rules).get('10.0.0.1:80');
    };
    assert.equal(health(99), 'initial');
    assert.equal(health(100), 'ready');
    system.setMembers('set', listener, 'forward', [[tg, { attrs: { weight: 0 } }]], 200);
    assert.equal(health(249), 'draining');
    assert.equal(health(250), 'ready', 'at weight 0 it is still checked');
    system.setMembers('remove', listener, 'forward', [[tg, null]], 300);
    assert.equal(health(1000), 'initial');
  });

  it('shows old states to late readers', () => {
    const { system, tg } = world();
    system.setMembers('remove', tg, 'targets', [['10.0.0.1:80', null]], 500);
    const targetsAt = (atMs: number) => system.seenAt(atMs).find(({ handle }) => handle === tg)?.sets.targets?.size;
    assert.equal(targetsAt(499), 1);
    assert.equal(targetsAt(500), 0);
  });
});

describe('stores', () => {
  const made: string[] = [];
  after(async () => {
    for (const path of made) await rm(path, { recursive: true, force: true });
  });

  it('live in a file when told to, over processes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'weir-memory-'));
    made.push(directory);
    const options = { store: 'x', file: join(directory, 'deep', 'store.json') };
    const system = memorySystem(options);
    assert.equal(memorySystem(options), system);
    const tg = system.create({ ...plain, kind: 'TargetGroup', attrs: { name: 'g', protocol: 'tcp' } }, 0);
    system.setMembers('add', tg, 'targets', [['10.0.0.1:80', { attrs: { weight: 3 } }]], 7);
    forgetMemorySystem(options);
    const again = memorySystem(options);
    assert.notEqual(again, system);
    assert.deepEqual(again.all(), system.all());
    await writeFile(options.file, '{"objects": 1}');
    forgetMemorySystem(options);
    assert.throws(() => memorySystem(options), { code: 'E_STATE_DIR' });
  });
});
