/** Machines that announce, while one is added to their peers and another one taken away: `weir run` follows at SIGHUP. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needsRootAnd } from '../fakes/needs.ts';
import { doubleAnswers } from './l2-doubles.ts';
import { type Lan, makeLan } from './l2-lan.ts';
import { type Machine, makeWeirs, type Weirs } from './l2-weirs.ts';

const names = ['a', 'b', 'c'];
const vip = '10.77.0.100';
const skip = needsRootAnd('ip', 'nft', 'curl');
let lan: Lan;
let weirs: Weirs;
before(() => {
  if (skip !== false) return;
  lan = makeLan(names);
  // The client is the gateway of all.
  for (const name of names) lan.run(name, 'ip route add default via 10.77.0.20');
  weirs = makeWeirs(lan, names);
  weirs.serve({ web: 8080 });
});
after(async () => {
  await weirs?.end();
  lan?.end();
});

it('a machine is added to running ones, the owner is taken away: nobody answers twice, and who is left decides', {
  skip,
}, async () => {
  const machines = new Map<string, Machine>();
  const start = (name: string) => machines.set(name, weirs.start(name));
  /** What each of these says of itself. */
  const all = () => [...machines.values()].map((one) => `${one.name}: ${one.text().slice(-1500)}`).join('\n');
  const tell = (some: readonly string[]) => {
    const peers = some.map((name) => ({ name, address: `10.77.0.${11 + names.indexOf(name)}` }));
    const options = { followHealth: 'never', peers, secretFile: join(weirs.folder, 'secret') };
    for (const name of some)
      weirs.configure(name, { balancers: [{ name: 'vip', provider: 'l2', fromPools: true, options }] });
    for (const name of some) machines.get(name)?.kill('SIGHUP');
  };
  /** The owner, as these say with one voice, that have no problem and all these candidates. */
  const settled = (some: readonly string[]) =>
    weirs.until(
      () => `${some} agree: ${all()}`,
      () => {
        const states = some.map((name) => weirs.state(name));
        const well = states.every(
          (state) =>
            state?.problems.length === 0 &&
            state.services
              .flatMap(({ reports }) => reports.flatMap(({ announced = [] }) => announced))
              .every(({ candidates }) => [...candidates].sort().join() === some.join()),
        );
        const owners = new Set(some.map((name) => weirs.owner(name, vip)));
        const [owner] = owners;
        return well && owners.size === 1 && owner !== undefined ? owner : undefined;
      },
    );
  /** Who writes a record tells it. */
  const voting = (who: readonly string[]) =>
    weirs.until(
      () => `${who} vote: ${all()}`,
      () =>
        [...machines.values()].some(({ text }) => text().includes(`who votes on addresses: ${who.join(', ')}"`))
          ? true
          : undefined,
    );
  tell(['a', 'b']);
  for (const name of ['a', 'b']) start(name);
  const first = await settled(['a', 'b']);
  const observation = await lan.observe([vip], 2);

  tell(names);
  start('c');
  assert.equal(await settled(names), first, `nothing moves: ${all()}`);
  await voting(names);

  machines.get(first)?.kill('SIGKILL');
  machines.delete(first);
  const left = names.filter((name) => name !== first);
  const next = await weirs.until('another one answers', () => {
    const owners = new Set(left.map((name) => weirs.owner(name, vip)));
    const [owner] = owners;
    return owners.size === 1 && owner !== undefined && owner !== first ? owner : undefined;
  });
  assert.equal((await weirs.run(first, ['destroy', '--yes'])).code, 0);
  tell(left);
  assert.equal(await settled(left), next);
  await voting(left);
  // Until a record is settled, a majority of the voters before is needed, too: a second, as the example's README asks for.
  await sleep(3000);

  // Of two the one goes on alone while it reaches the gateway: the third is no voter any more.
  machines.get(next)?.kill('SIGKILL');
  machines.delete(next);
  const last = left.find((name) => name !== next) ?? '';
  await weirs.until(
    () => `the last one answers: ${all()}`,
    () => (weirs.owner(last, vip) === last ? true : undefined),
  );
  assert.deepEqual(doubleAnswers(await observation.end()), []);
});
