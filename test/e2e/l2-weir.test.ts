/** Three machines that run the real `weir run -c weir.yaml` with a HAProxy each, and a client that asks all the time. */
import assert from 'node:assert/strict';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needsRootAnd } from '../fakes/needs.ts';
import { darkMs } from './l2-dark.ts';
import { doubleAnswers } from './l2-doubles.ts';
import { type Lan, makeLan } from './l2-lan.ts';
import { type Machine, makeWeirs, type Weirs } from './l2-weirs.ts';

const names = ['a', 'b', 'c'];
const vip = '10.77.0.100';
const second = '10.77.0.101';
const port = 8080;

describe('weirs that announce', { concurrency: false, skip: needsRootAnd('ip', 'nft', 'haproxy', 'curl') }, () => {
  let lan: Lan;
  let weirs: Weirs;
  let backend: { end(): Promise<unknown> };
  const machines = new Map<string, Machine>();
  const before_ = new Map<string, string>();
  const binary = (name: string) => join(weirs.folder, name, 'haproxy');
  const machine = (name: string) => {
    const found = machines.get(name);
    assert.ok(found);
    return found;
  };
  const configure = (name: string, parts: Readonly<Record<string, unknown>> = {}) =>
    weirs.configure(name, { drain: '1s', ...parts }, { binary: binary(name) });
  const other = (name: string) => names.find((one) => one !== name) ?? '';
  /** The owner, as all machines but some see it. */
  const ownerSeen = (address: string, but: readonly string[] = []) =>
    weirs.until(
      () => `one owner of ${address}: ${wellness()}`,
      () => {
        const seen = new Set(names.filter((name) => !but.includes(name)).map((name) => weirs.owner(name, address)));
        const [owner] = seen;
        return seen.size === 1 && owner !== undefined && !but.includes(owner) ? owner : undefined;
      },
    );
  /** For messages: what each machine says of itself. */
  const wellness = () =>
    names
      .map((name) => {
        const state = weirs.state(name);
        const problems = state?.problems.map(({ code, message }) => `${code} ${message}`) ?? ['does not answer'];
        return `${name}: ${state?.inSync}, ${weirs.owner(name, vip)}: ${problems.join('; ')}`;
      })
      .join('\n');
  const allWell = () =>
    weirs.until(wellness, () =>
      names.every((name) => {
        const state = weirs.state(name);
        return state?.inSync === true && state.problems.every(({ code }) => code === 'W_L2_CONFLICT');
      })
        ? true
        : undefined,
    );
  /** Everything of the network that could be left behind. */
  const leftAt = (name: string) =>
    ['ip -o address', 'ip route show table all', 'ip rule', 'nft list ruleset', 'sysctl net.ipv4.conf']
      .map((words) => lan.run(name, words))
      .join('\n')
      .replace(/valid_lft \S+|preferred_lft \S+|expires \S+/g, '');

  before(async () => {
    lan = makeLan(names);
    weirs = makeWeirs(lan, names);
    for (const name of names) {
      before_.set(name, leftAt(name));
      configure(name);
      symlinkSync('/usr/sbin/haproxy', binary(name));
    }
    weirs.serve({ web: port });
    backend = await weirs.ask('-', 0);
    for (const name of names) machines.set(name, weirs.start(name));
    await ownerSeen(vip);
    await allWell();
  });
  after(async () => {
    await backend?.end();
    await weirs?.end();
    lan?.end();
  });

  /** Does it while the client asks: who had the address, who has it then, and what both saw. */
  const move = async (
    does: (owner: string) => unknown,
    but: (owner: string) => readonly string[] = (owner) => [owner],
  ) => {
    const owner = await ownerSeen(vip);
    const asked = await weirs.ask(vip, port);
    const observation = await lan.observe([vip], 2);
    await sleep(100);
    await does(owner);
    const next = await weirs.until(`another owner than ${owner}`, () => {
      const found = but(owner).length < names.length ? weirs.owner(other(owner), vip) : undefined;
      return found !== undefined && found !== owner ? found : undefined;
    });
    await sleep(300);
    const [seen, { requests }] = await Promise.all([observation.end(), asked.end()]);
    const failed = requests.filter(({ error }) => error !== undefined);
    const answers = seen.said.filter(({ kind, mac }) => kind === 'reply' && mac === lan.mac(next));
    assert.ok(answers.length > 0, `${next} answers`);
    assert.deepEqual(doubleAnswers(seen), []);
    return { owner, next, failed, requests };
  };

  it('one machine answers, and each of them says who, and who else could', async () => {
    const owner = await ownerSeen(vip);
    assert.equal(lan.run('client', `curl -s -m 3 http://${vip}:${port}/`).trim(), 'here');
    for (const name of names) {
      const reports = weirs.state(name)?.services.flatMap((service) => service.reports) ?? [];
      const [announced] = reports.flatMap((report) => report.announced ?? []);
      assert.deepEqual(announced?.candidates, names);
      assert.equal(announced?.own, name === owner);
    }
    const metrics = lan.run(owner, 'curl -s http://127.0.0.1:8378/metrics');
    assert.match(metrics, /^weir_l2_announced\{[^}]*\} 1$|^weir_l2_announced 1$/m);
    const { text } = await weirs.run('b', ['status', '--all']);
    assert.match(text, new RegExp(`10\\.77\\.0\\.100 +${owner} `));
    const planned = await weirs.run('b', ['plan']);
    assert.match(
      planned.text,
      /No change|0 to create, 0 to update/,
      'a plan beside a running weir sees what that one announces',
    );
  });

  it('killed: another one answers, it comes back as a standby, nobody moves back', async () => {
    const { owner, next } = await move((name) => machine(name).kill('SIGKILL'));
    machines.set(owner, weirs.start(owner));
    await allWell();
    assert.equal(await ownerSeen(vip), next);
  });

  it('frozen: another one answers, and it says nothing wrong when it goes on', async () => {
    const { owner, next } = await move((name) => machine(name).kill('SIGSTOP'));
    const observation = await lan.observe([vip], 2);
    machine(owner).kill('SIGCONT');
    await allWell();
    assert.deepEqual(doubleAnswers(await observation.end()), []);
    assert.equal(await ownerSeen(vip), next);
  });

  it('cut off the network: another one answers', async () => {
    const { owner, next } = await move((name) => lan.plug(name, false));
    lan.plug(owner, true);
    await allWell();
    assert.equal(await ownerSeen(vip), next);
  });

  const proxiesOf = (name: string) =>
    lan
      .run('net', `ip netns pids ${lan.inside(name)[3]}`)
      .trim()
      .split('\n')
      .filter((pid) => lan.run('net', `ps -o comm= -p ${pid}`).trim() === 'haproxy')
      .map(Number);

  it('its HAProxy is frozen: the kernel goes on making connections for it, and another one answers', async () => {
    const { owner, next } = await move((name) => {
      for (const pid of proxiesOf(name)) process.kill(pid, 'SIGSTOP');
    });
    const told = weirs.state(owner)?.problems.map(({ message }) => message) ?? [];
    assert.ok(
      told.some((message) => /takes no address: 10\.77\.0\.100:8080 took no connection/.test(message)),
      told.join('\n'),
    );
    for (const pid of proxiesOf(owner)) process.kill(pid, 'SIGCONT');
    await allWell();
    assert.equal(await ownerSeen(vip), next);
  });

  it('its HAProxy dies and cannot be started again: another one answers, and it is told', async () => {
    const { owner } = await move((name) => {
      rmSync(binary(name));
      for (const pid of proxiesOf(name)) process.kill(pid, 'SIGKILL');
    });
    const told = weirs.state(owner)?.problems.map(({ message }) => message) ?? [];
    assert.ok(
      told.some((message) => /takes no address: 10\.77\.0\.100:8080 does not answer/.test(message)),
      told.join('\n'),
    );
    symlinkSync('/usr/sbin/haproxy', binary(owner));
    await machine(owner).stop('SIGKILL');
    machines.set(owner, weirs.start(owner));
    await allWell();
  });

  for (const drain of ['1s', '0s']) {
    it(`stopped with drain ${drain}: its addresses are handed over first, and no request fails`, async () => {
      for (const name of names) configure(name, { drain });
      const { owner, failed, requests } = await move((name) => machine(name).kill('SIGTERM'));
      assert.ok(requests.length > 20, `${requests.length} requests`);
      assert.deepEqual(failed, []);
      await machine(owner).stop();
      machines.set(owner, weirs.start(owner));
      await allWell();
    });
  }

  it('a changed configuration adds a pool and a service, and moves nothing', async () => {
    const owner = await ownerSeen(vip);
    const observation = await lan.observe([vip], 2);
    for (const name of names) {
      configure(name, {
        pools: [
          { name: 'lan', ranges: ['10.77.0.100/32'] },
          { name: 'more', ranges: [`${second}-10.77.0.109`] },
        ],
      });
    }
    weirs.serve({ web: port, shop: port + 1 });
    await ownerSeen(second);
    assert.equal(await ownerSeen(vip), owner);
    const seen = await observation.end();
    assert.deepEqual(
      [...new Set(seen.said.filter(({ kind }) => kind === 'reply').map(({ mac }) => mac))],
      [lan.mac(owner)],
      names.map((name) => `${name}:\n${machine(name).text().slice(-4000)}`).join('\n'),
    );
    assert.ok(darkMs(seen) < 100, `nobody answered for ${darkMs(seen)} ms`);
    const answers = seen.said.filter(({ kind }) => kind === 'reply').length;
    await weirs.until('what was asked is counted under the names that MetalLB has', () => {
      const metrics = lan.run(owner, 'curl -s http://127.0.0.1:8378/metrics');
      const count = (name: string) =>
        Number(new RegExp(`^metallb_layer2_${name}\\{[^}]*ip="${vip}"[^}]*\\} (\\d+)$`, 'm').exec(metrics)?.[1]);
      const [received, sent, unasked] = ['requests_received', 'responses_sent', 'gratuitous_sent'].map(count);
      return received === sent && (sent ?? 0) >= answers && (unasked ?? 0) >= 2 ? true : undefined;
    });
  });

  it('a second weir on a machine is refused by name, and the first goes on', async () => {
    weirs.configure('second', {
      balancers: [{ name: 'vip', provider: 'l2', fromPools: true, options: { port: 7950 } }],
    });
    const { code, text } = await weirs.run('a', ['apply'], 'second');
    assert.notEqual(code, 0);
    assert.match(text, /E_L2.*another weir announces addresses on this machine/s);
    assert.equal(weirs.state('a')?.inSync, true);
  });

  it('stopped with onExit stop, or killed and then destroyed, nothing of it stays', async () => {
    configure('b', { onExit: 'stop' });
    await sleep(1500);
    await machine('b').stop();
    assert.equal(leftAt('b'), before_.get('b'));
    await machine('c').stop('SIGKILL');
    assert.notEqual(leftAt('c'), before_.get('c'));
    const { code, text } = await weirs.run('c', ['destroy', '--yes']);
    assert.equal(code, 0, text);
    assert.equal(leftAt('c'), before_.get('c'));
  });
});
