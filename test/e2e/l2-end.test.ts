/** What is left on machines where the real `weir run` announces, when it was told to stop. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { needsRootAnd } from '../fakes/needs.ts';
import { type Lan, makeLan } from './l2-lan.ts';
import { makeWeirs, type Weirs } from './l2-weirs.ts';

const names = ['a', 'b'];
const vip = '10.77.0.100';

describe('weirs that announce for what others forward, told to stop', {
  concurrency: false,
  skip: needsRootAnd('ip', 'nft', 'curl'),
}, () => {
  let lan: Lan;
  let weirs: Weirs;
  before(() => {
    lan = makeLan(names);
    weirs = makeWeirs(lan, names);
    const peers = names.map((name, at) => ({ name, address: `10.77.0.${11 + at}` }));
    const options = { secretFile: join(weirs.folder, 'secret'), peers };
    for (const name of names)
      weirs.configure(name, { balancers: [{ name: 'vip', provider: 'l2', fromPools: true, options }] });
    weirs.serve({ web: 8080 });
  });
  after(async () => {
    await weirs?.end();
    lan?.end();
  });
  const left = (name: string) =>
    `${lan.run(name, 'ip route show table local proto 119')}${lan.run(name, 'nft list tables')}`;

  it('leave nothing in the kernel: neither one that hands over, nor the last one', async () => {
    const machines = names.map((name) => weirs.start(name));
    await weirs.until('an owner that both know', () => {
      const [one, other] = names.map((name) => weirs.owner(name, vip));
      return one !== undefined && one === other ? one : undefined;
    });
    for (const name of names) assert.match(left(name), /local 10\.77\.0\.100 [\s\S]*table arp weir-/);
    for (const machine of machines) {
      await machine.stop();
      assert.equal(left(machine.name), '', machine.text());
    }
  });
});
