/** What is left on machines where the real `weir run` announces, when it was told to stop. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { needsRootAnd } from '../fakes/needs.ts';
import { type Lan, makeLan } from './l2-lan.ts';
import { makeWeirs, vipPool, type Weirs } from './l2-weirs.ts';

const names = ['a', 'b'];
const vip = '10.77.0.100';
const vip6 = 'fd09::100';

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
    const pools = [{ name: 'lan', ranges: [vipPool, 'fd09::100-fd09::10f'] }];
    for (const name of names)
      weirs.configure(name, { pools, balancers: [{ name: 'vip', provider: 'l2', fromPools: true, options }] });
    weirs.serve({ web: 8080 }, ['IPv4', 'IPv6']);
  });
  after(async () => {
    await weirs?.end();
    lan?.end();
  });
  const left = (name: string) =>
    ['ip route show table local proto 119', 'ip -6 address show deprecated', 'nft list tables']
      .map((words) => lan.run(name, words))
      .join('');

  it('leave nothing in the kernel: neither one that hands over, nor the last one', async () => {
    const machines = names.map((name) => weirs.start(name));
    await weirs.until('an owner that both know', () => {
      const [one, other] = names.map((name) => weirs.owner(name, vip));
      return one !== undefined && one === other ? one : undefined;
    });
    for (const name of names) assert.match(left(name), /local 10\.77\.0\.100 [\s\S]*fd09::100[\s\S]*table arp weir-/);
    for (const machine of machines) {
      await machine.stop();
      assert.equal(left(machine.name), '', machine.text());
    }
  });

  it('killed, and robbed of their state directories: what they have left is planned to go, and destroyed', async () => {
    const machines = names.map((name) => weirs.start(name));
    await weirs.until('an owner', () => weirs.owner('a', vip6));
    for (const machine of machines) {
      await machine.stop('SIGKILL');
      rmSync(join(weirs.folder, machine.name, 'state'), { recursive: true });
      lan.run(machine.name, 'ip -6 address add fd09::10f/128 dev eth0 nodad preferred_lft 0');
      const plan = await weirs.run(machine.name, ['plan']);
      assert.match(plan.text, /Announcement +fd09::100/, plan.text);
      const { code, text } = await weirs.run(machine.name, ['destroy', '--yes']);
      assert.equal(code, 0, text);
      for (const gone of ['Announcement +10.77.0.100', 'Announcement +fd09::100']) assert.match(text, new RegExp(gone));
      assert.match(
        left(machine.name),
        /^[^\n]*\n *inet6 fd09::10f\/128[^\n]*\n[^\n]*\n$/,
        'what somebody else has put there',
      );
    }
  });
});
