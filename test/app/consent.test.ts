import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { machinesThatAgree } from './machines-that-agree.ts';

const names = ['a', 'b', 'c'] as const;
const ids = ['u', 'v', 'w', 'x', 'y', 'z'] as const;
type Stage = ReturnType<typeof machinesThatAgree>;
const given = (stage: Stage, name: string) =>
  Object.fromEntries([...stage.of(name).given].map(([id, list]): [string, string] => [id, list.join()]).sort());

const machine = fc.constantFrom(...names);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('put' as const), on: machine, id: fc.constantFrom(...ids) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('take' as const), on: machine, id: fc.constantFrom(...ids) }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant('deliver' as const), on: machine, to: machine }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant('gather' as const), on: machine }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('restart' as const), on: machine, keeps: fc.boolean() }) },
);
const cuts = fc.oneof(
  { weight: 8, arbitrary: step },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('cut' as const), on: machine }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('heal' as const), on: machine }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('pass' as const), on: machine }) },
);
type Step =
  | { readonly does: 'put' | 'take'; readonly on: string; readonly id: string }
  | { readonly does: 'deliver'; readonly on: string; readonly to: string }
  | { readonly does: 'restart'; readonly on: string; readonly keeps: boolean }
  | { readonly does: 'gather' | 'cut' | 'heal' | 'pass'; readonly on: string };

function perform(stage: Stage, one: Step): void {
  stage.pass(1);
  if (one.does === 'put') stage.put(one.on, one.id);
  else if (one.does === 'take') stage.take(one.on, one.id);
  else if (one.does === 'deliver') stage.deliver(one.on, one.to);
  else if (one.does === 'gather') stage.gather(one.on);
  else if (one.does === 'restart') stage.restart(one.on, one.keeps);
  else if (one.does === 'cut') stage.cut(one.on);
  else if (one.does === 'heal') stage.heal();
  else {
    stage.pass(1000);
    stage.forget();
  }
}

/** No service has two addresses, no address two services, on all machines together. */
function assertApart(stage: Stage, what: string): void {
  const [owners, has] = [new Map<string, string>(), new Map<string, string>()];
  for (const name of names)
    for (const [id, address] of Object.entries(given(stage, name))) {
      assert.equal(owners.get(address) ?? id, id, `${what}: ${address} has two services`);
      assert.equal(has.get(id) ?? address, address, `${what}: ${id} has two addresses`);
      owners.set(address, id);
      has.set(id, address);
    }
}

describe('machines that agree', () => {
  it('give a service the same address and nobody else, whatever comes first, is late or begins anew', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const stage = machinesThatAgree(names);
        // They know one another.
        stage.settle();
        for (const [at, one] of steps.entries()) {
          perform(stage, one);
          assertApart(stage, `after ${at}`);
        }
        stage.settle();
        const before = names.map((name) => given(stage, name));
        assertApart(stage, 'at the end');
        for (const name of names) {
          assert.equal(stage.of(name).given.size, stage.of(name).services.size, `everybody has one on ${name}`);
          for (const id of ids) stage.put(name, id);
        }
        stage.settle();
        for (const name of names) assert.deepEqual(given(stage, name), given(stage, 'a'));
        for (const one of before)
          for (const [id, address] of Object.entries(one)) assert.equal(given(stage, 'a')[id], address, `${id} stays`);
      }),
      { numRuns: 150 },
    );
  });

  it('are of one mind after any partition', () => {
    fc.assert(
      fc.property(fc.array(cuts, { maxLength: 60 }), (steps) => {
        const stage = machinesThatAgree(names);
        // They know one another.
        stage.settle();
        for (const one of steps) perform(stage, one);
        stage.heal();
        stage.settle();
        assertApart(stage, 'at the end');
        for (const name of names) for (const id of ids) stage.put(name, id);
        stage.settle();
        for (const name of names) assert.deepEqual(given(stage, name), given(stage, 'a'));
      }),
      { numRuns: 150 },
    );
  });

  it('give no address to two while what services ask for changes from machine to machine', () => {
    const pools = [
      { name: 'p', ranges: ['192.0.2.0/30'] },
      { name: 'q', ranges: ['198.51.100.0/30'] },
    ];
    const asks = fc.record({
      does: fc.constant('ask' as const),
      on: machine,
      id: fc.constantFrom('u', 'v', 'w'),
      q: fc.boolean(),
    });
    const steps = fc.array(fc.oneof({ weight: 1, arbitrary: asks }, { weight: 3, arbitrary: step }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (list) => {
        const stage = machinesThatAgree(names, { pools });
        stage.settle();
        for (const [at, one] of list.entries()) {
          if (one.does === 'ask') stage.put(one.on, one.id, { pool: one.q ? 'q' : 'p' });
          else perform(stage, one);
          const owners = new Map<string, string>();
          for (const name of names)
            for (const [id, address] of Object.entries(given(stage, name))) {
              assert.equal(owners.get(address) ?? id, id, `after ${at}: ${address} has two services`);
              owners.set(address, id);
            }
        }
        for (const name of names) for (const id of ids) stage.put(name, id, { pool: id < 'w' ? 'p' : 'q' });
        stage.settle(60);
        for (const name of names) assert.deepEqual(given(stage, name), given(stage, 'a'));
        assert.equal(Object.keys(given(stage, 'a')).length, ids.length);
      }),
      { numRuns: 400 },
    );
  });

  it('keep what they gave, whatever one says that was off in between', () => {
    const stage = machinesThatAgree(names);
    stage.settle();
    for (const name of names) stage.put(name, 'x');
    stage.settle();
    // c goes with what it knows; then x goes everywhere, and y gets what x had.
    stage.cut('c');
    stage.forget();
    for (const name of ['a', 'b']) stage.take(name, 'x');
    stage.settle();
    for (const name of ['a', 'b']) stage.put(name, 'y');
    stage.settle();
    assert.deepEqual(given(stage, 'a'), { 'shop/y': '192.0.2.0' });
    assert.deepEqual(given(stage, 'c'), { 'shop/x': '192.0.2.0' }, 'alone it keeps what it has');
    stage.put('c', 'z');
    stage.settle();
    assert.deepEqual(stage.of('c').problems, ['E_ADDRESS_WAITS shop/z'], 'and gives nothing new');
    stage.heal();
    stage.settle();
    assert.equal(given(stage, 'a')['shop/y'], '192.0.2.0', 'nobody moves who was served by most');
    assert.deepEqual(Object.keys(given(stage, 'c')), ['shop/x', 'shop/z']);
    assertApart(stage, 'after that');
    // The same by a restart, with an old record.
    stage.restart('c', true);
    stage.take('c', 'z');
    stage.put('a', 'z');
    stage.settle();
    assert.equal(given(stage, 'a')['shop/y'], '192.0.2.0');
    assertApart(stage, 'after a restart');
  });

  it('use no address that the others do not count as theirs', () => {
    const stage = machinesThatAgree(names);
    for (const name of names) stage.put(name, 'x');
    stage.settle();
    assert.deepEqual(given(stage, 'b'), { 'shop/x': '192.0.2.0' });
    // There x has to move.
    stage.repool('b', [
      { name: 'p', ranges: ['192.0.2.4/30'] },
      { name: 'q', ranges: ['192.0.2.0/30'] },
    ]);
    stage.settle();
    assertApart(stage, 'moved on one machine');
    assert.deepEqual(stage.of('b').problems, ['W_ADDRESS_DIFFERS shop/x']);
    assert.deepEqual(given(stage, 'b'), { 'shop/x': '192.0.2.0' }, 'and is served as before');
    for (const name of names) for (const id of ['u', 'v', 'w', 'y']) stage.put(name, id);
    stage.settle();
    assertApart(stage, 'others came');
    for (const name of ['a', 'c']) assert.equal(given(stage, name)['shop/x'], '192.0.2.0');
    stage.repool('b', [{ name: 'p', ranges: ['192.0.2.0/28'] }]);
    stage.settle();
    for (const name of names) assert.deepEqual(given(stage, name), given(stage, 'a'));
    assert.deepEqual(stage.of('b').problems, []);
  });

  it('too few to agree, keep what they have, whatever services ask for by then', () => {
    const pools = [
      { name: 'p', ranges: ['192.0.2.0/28'] },
      { name: 'q', ranges: ['198.51.100.0/28'] },
    ];
    const stage = machinesThatAgree(names, { pools });
    for (const name of names) stage.put(name, 'x');
    stage.settle();
    stage.cut('c');
    for (const name of names) stage.put(name, 'x', { pool: 'q' });
    stage.settle();
    for (const name of names) assert.deepEqual(given(stage, name), { 'shop/x': '192.0.2.0' }, 'by the word of c');
    stage.forget();
    stage.settle();
    for (const name of ['a', 'b']) assert.deepEqual(given(stage, name), { 'shop/x': '198.51.100.0' });
    assert.deepEqual(given(stage, 'c'), { 'shop/x': '192.0.2.0' });
    assert.deepEqual(stage.of('c').problems, ['E_ADDRESS_WAITS shop/x']);
    stage.restart('c', true);
    for (const ms of [1, 600]) {
      stage.pass(ms);
      stage.gather('c');
    }
    assert.deepEqual(given(stage, 'c'), { 'shop/x': '192.0.2.0' }, 'begun anew, too');
    stage.heal();
    stage.settle();
    for (const name of names) {
      assert.deepEqual(given(stage, name), { 'shop/x': '198.51.100.0' });
      assert.deepEqual(stage.of(name).problems, []);
    }
  });

  it('go by who gave it first, where two gave it at once', () => {
    const stage = machinesThatAgree(names);
    stage.settle();
    stage.pass(10);
    stage.put('c', 'x');
    stage.put('c', 'y');
    stage.gather('c');
    stage.pass(10);
    stage.put('a', 'y');
    stage.gather('a');
    assert.deepEqual([given(stage, 'a'), given(stage, 'c')], [{}, {}], 'nobody uses it before the others know');
    stage.settle();
    assert.deepEqual(given(stage, 'a'), { 'shop/y': '192.0.2.1' }, 'as c gave it');
    assertApart(stage, 'then');
  });

  for (const onPoolChange of ['keep', 'reassign'] as const)
    it(`stay with an address until no machine has it in a pool, then ${onPoolChange}`, () => {
      const stage = machinesThatAgree(names, { onPoolChange });
      const other = [{ name: 'p', ranges: ['198.51.100.0/28'] }];
      for (const name of names) stage.put(name, 'x', { fromPool: [] });
      stage.settle();
      stage.repool('a', other);
      stage.settle();
      for (const name of names) assert.deepEqual(given(stage, name), { 'shop/x': '192.0.2.0' }, name);
      assert.deepEqual(stage.of('a').problems, ['W_ADDRESS_KEPT shop/x']);
      for (const name of ['b', 'c']) stage.repool(name, other);
      stage.settle();
      const address = onPoolChange === 'keep' ? '192.0.2.0' : '198.51.100.0';
      for (const name of names) assert.deepEqual(given(stage, name), { 'shop/x': address }, name);
    });

  it('say so where files ask for different addresses', () => {
    const stage = machinesThatAgree(names);
    for (const name of names) stage.put(name, 'x', { list: [name === 'a' ? '192.0.2.3' : '192.0.2.4'] });
    stage.settle();
    const told = names.filter((name) => stage.of(name).problems.includes('W_ADDRESS_DIFFERS shop/x'));
    assert.ok(told.length > 0);
    for (const name of names) stage.put(name, 'x', { list: ['192.0.2.5'] });
    stage.settle();
    assert.deepEqual(
      names.flatMap((name) => stage.of(name).problems),
      [],
    );
  });
});
