/** What keeps a machine from announcing stops that and nothing else, is told with the remedy, and passes; and who only votes needs nothing. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needsRootAnd } from '../fakes/needs.ts';
import { doubleAnswers } from './l2-doubles.ts';
import { type Lan, makeLan } from './l2-lan.ts';
import { type Machine, makeWeirs, type Weirs } from './l2-weirs.ts';

const names = ['a', 'b', 'c'];
const vip = '10.77.0.100';

describe('machines that cannot announce', {
  concurrency: false,
  skip: needsRootAnd('ip', 'nft', 'haproxy', 'curl'),
}, () => {
  let lan: Lan;
  let weirs: Weirs;
  let running: Machine[] = [];
  before(() => {
    lan = makeLan(names);
    weirs = makeWeirs(lan, names);
    weirs.serve({ web: 8080 });
  });
  after(async () => {
    await weirs?.end();
    lan?.end();
  });

  const peersOf = (some: readonly string[], witness?: string) =>
    some.map((name) => ({
      ...{ name, address: `10.77.0.${11 + names.indexOf(name)}` },
      ...(name === witness ? { witness: true } : {}),
    }));
  /** Announces alone: nothing serves there. */
  const announce = (name: string, options: Readonly<Record<string, unknown>>) =>
    weirs.configure(name, {
      balancers: [{ name: 'vip', provider: 'l2', fromPools: true, options: { followHealth: 'never', ...options } }],
    });
  const start = (name: string, words: readonly string[] = []) => {
    const machine = weirs.start(name, words);
    running.push(machine);
    return machine;
  };
  const endAll = async () => {
    await Promise.all(running.map((machine) => machine.stop('SIGKILL')));
    running = [];
    await Promise.all(names.map((name) => weirs.run(name, ['destroy', '--yes'])));
    for (const name of names) rmSync(join(weirs.folder, name, 'state'), { recursive: true, force: true });
  };
  const unit = (name: string, balancer: string) =>
    weirs.state(name)?.balancers.find((one) => one.name === balancer)?.units[0];
  const told = (name: string) => weirs.state(name)?.problems.map(({ code, message }) => `${code} ${message}`) ?? [];
  const failing = (name: string, text: RegExp) =>
    weirs.until(`${name} tells ${text}`, () => {
      const found = unit(name, 'vip');
      return found?.state === 'failed' && text.test(`${found.code} ${found.message}`) ? found : undefined;
    });

  it('without nft, or without a capability: told with what to do, and HAProxy serves on', async (t) => {
    t.after(endAll);
    const bin = join(weirs.folder, 'bin');
    mkdirSync(bin);
    for (const program of ['ip', 'haproxy', 'flock']) {
      symlinkSync(lan.run('a', `which ${program}`).trim(), join(bin, program));
    }
    weirs.configure('a');
    weirs.configure('b');
    start('a', ['env', `PATH=${bin}`]);
    start('b', ['setpriv', '--inh-caps', '-net_raw', '--bounding-set', '-net_raw']);
    await failing('a', /^E_L2 .*install nftables/);
    await failing('b', /^E_L2 .*CAP_NET_RAW/);
    const tries = running.map((machine) => machine.text().match(/"step failed"/g)?.length ?? 0);
    assert.ok(Math.max(...tries) < 8, `tried ${tries} times`);
    for (const name of ['a', 'b'])
      await weirs.until(`HAProxy of ${name} serves`, () =>
        unit(name, 'edge')?.state === 'in sync' ? true : undefined,
      );
    symlinkSync(lan.run('a', 'which nft').trim(), join(bin, 'nft'));
    await weirs.until(
      'it is tried again by itself',
      () => (unit('a', 'vip')?.state === 'in sync' ? true : undefined),
      40_000,
    );
  });

  it('without a secret that can be used: told, and taken as soon as there is one', async (t) => {
    t.after(endAll);
    const secretFile = join(weirs.folder, 'own-secret');
    announce('a', { peers: peersOf(['a', 'b']) });
    announce('b', { peers: peersOf(['a', 'b']), secretFile });
    const machines = new Map(['a', 'b'].map((name) => [name, start(name)]));
    await failing('a', /^E_L2_SECRET .*there are peers and no secretFile/);
    await failing('b', /^E_L2_SECRET .*cannot be read/);
    writeFileSync(secretFile, 'short\n');
    await failing('b', /^E_L2_SECRET .*holds 5 bytes/);
    writeFileSync(secretFile, 'long enough for everybody\n');
    await weirs.until('it is read', () => (unit('b', 'vip')?.state === 'in sync' ? true : undefined));
    announce('a', { peers: peersOf(['a', 'b']), secretFile });
    machines.get('a')?.kill('SIGHUP');
    const owner = await weirs.until('one of a and b answers', () => weirs.owner('a', vip));
    announce(owner, { peers: peersOf(['a', 'b']), secretFile: join(weirs.folder, 'missing') });
    machines.get(owner)?.kill('SIGHUP');
    await weirs.until('it is told', () => told(owner).find((text) => /^E_L2_SECRET .*cannot be read/.test(text)));
    await sleep(1_000);
    assert.equal(weirs.owner(owner === 'a' ? 'b' : 'a', vip), owner, 'it goes on with the last good one');
    const healths = weirs.state(owner)?.services.map(({ health }) => health);
    assert.deepEqual([unit(owner, 'vip')?.state, healths], ['in sync', ['ok']], 'what is served is no worse');
    writeFileSync(join(weirs.folder, 'missing'), 'another one that is long enough\n');
    const other = owner === 'a' ? 'b' : 'a';
    await weirs.until('it is used', () => told(other).find((text) => /sealed with another secret/.test(text)));
    assert.deepEqual(
      told(owner).filter((text) => text.startsWith('E_L2_SECRET')),
      [],
    );
  });

  it('with another secret: not listened to, which all of them tell', async (t) => {
    t.after(endAll);
    writeFileSync(join(weirs.folder, 'another'), 'another secret than the others have');
    for (const name of ['a', 'b'])
      announce(name, { peers: peersOf(names), secretFile: join(weirs.folder, 'secret'), voters: ['a', 'b'] });
    announce('c', { peers: peersOf(names), secretFile: join(weirs.folder, 'another'), voters: ['a', 'b'] });
    for (const name of names) start(name);
    await weirs.until('one of a and b answers', () => weirs.owner('a', vip));
    for (const [name, text] of [
      ['a', /W_L2_PEER .* datagrams from 10\.77\.0\.13 were not taken: they are sealed with another secret/],
      ['c', /W_L2_PEER .* datagrams from 10\.77\.0\.1[12] were not taken: they are sealed with another secret/],
    ] as const)
      await weirs.until(`${name} tells it`, () => (told(name).some((line) => text.test(line)) ? true : undefined));
  });

  it('two machines of one name: the first keeps its place, the second is told where it can be, and by the others', async (t) => {
    t.after(endAll);
    const secretFile = join(weirs.folder, 'secret');
    const called = (name: string, instance: string, peers: readonly string[]) => {
      const options = { followHealth: 'never', secretFile, peers: peersOf(peers) };
      weirs.configure(name, { instance, balancers: [{ name: 'vip', provider: 'l2', fromPools: true, options }] });
    };
    for (const name of ['a', 'b']) called(name, name, ['a', 'b']);
    called('c', 'a', ['a', 'b']);
    for (const name of ['a', 'b']) start(name);
    const owner = await weirs.until('one answers', () => weirs.owner('b', vip));
    const second = start('c');
    await failing('c', /^E_L2 10\.77\.0\.11:7949 .* no address of this machine, .* set `instance`/);
    // Nothing of its own configuration gives it away here, so it speaks.
    await second.stop('SIGKILL');
    called('c', 'a', ['b']);
    start('c');
    const text = /^W_L2_PEER .* from 10\.77\.0\.13, which calls itself a, were not taken: another machine of that name/;
    await weirs.until('b tells it', () => (told('b').some((line) => text.test(line)) ? true : undefined));
    assert.equal(weirs.owner('b', vip), owner);
  });

  it('two machines and one that only votes, without any right: when the owner dies the other one answers', async (t) => {
    t.after(endAll);
    const peers = peersOf(names, 'c');
    for (const name of names) announce(name, { peers, secretFile: join(weirs.folder, 'secret') });
    start('c', ['setpriv', '--inh-caps', '-all', '--bounding-set', '-all']);
    const machines = new Map(['a', 'b'].map((name) => [name, start(name)]));
    const owner = await weirs.until('one answers', () => weirs.owner('c', vip));
    assert.ok(['a', 'b'].includes(owner));
    assert.equal(lan.run('c', 'nft list tables').trim(), '', 'who votes makes no gates');
    const observation = await lan.observe([vip], 2);
    machines.get(owner)?.kill('SIGKILL');
    const next = owner === 'a' ? 'b' : 'a';
    await weirs.until(`${next} answers`, () => (weirs.owner(next, vip) === next ? true : undefined));
    assert.deepEqual(doubleAnswers(await observation.end()), []);
  });

  it('two machines in mode strict: when one dies nobody answers, which is told, until it is back', async (t) => {
    t.after(endAll);
    for (const name of ['a', 'b'])
      announce(name, { peers: peersOf(['a', 'b']), mode: 'strict', secretFile: join(weirs.folder, 'secret') });
    const machines = new Map(['a', 'b'].map((name) => [name, start(name)]));
    const owner = await weirs.until('one answers', () => weirs.owner('a', vip));
    const other = owner === 'a' ? 'b' : 'a';
    machines.get(owner)?.kill('SIGKILL');
    await sleep(1000);
    await weirs.until('it is told', () =>
      told(other).some((line) => line.startsWith('E_L2_QUORUM ')) && weirs.owner(other, vip) === undefined
        ? true
        : undefined,
    );
    start(owner);
    await weirs.until('one answers again', () => weirs.owner(other, vip));
  });
});
