/** Nodes that are brought, one after the other, to a version that speaks otherwise on the wire. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needsRootAnd } from '../fakes/needs.ts';
import { doubleAnswers } from './l2-doubles.ts';
import { type Lan, makeLan, monotonicMs } from './l2-lan.ts';
import { type LaterVersion, makeLaterVersion } from './l2-later-version.ts';
import { type Member, makeNodes, type Nodes } from './l2-nodes.ts';
import type { Seen } from './l2-observer.ts';

const names = ['a', 'b', 'c'];
const vips = ['10.77.0.100', '10.77.0.101', '10.77.0.102'];

describe('nodes of two versions', { concurrency: false, skip: needsRootAnd('ip', 'nft') }, () => {
  let lan: Lan;
  let later: LaterVersion;
  let nodes: Nodes;
  let newer: Nodes;
  const members = new Map<string, Member>();
  /** Waits until each address is answered, by one of these alone. */
  const answeredBy = async (by: readonly string[]) => {
    const macs = new Set(by.map(lan.mac));
    let seen: readonly string[] = [];
    for (const end = monotonicMs() + 20_000; monotonicMs() < end; ) {
      const watch = await lan.observe(vips);
      await sleep(300);
      const replies = (await watch.end()).said.filter(({ kind }) => kind === 'reply');
      seen = replies.map(({ mac }) => mac);
      if (vips.every((vip) => replies.some((one) => one.vip === vip)) && seen.every((mac) => macs.has(mac))) return;
    }
    assert.fail(`answered by ${[...new Set(seen)].join()} and not by ${[...macs].join()}`);
  };
  before(async () => {
    lan = makeLan(names);
    later = makeLaterVersion();
    const ranks = vips.map((vip, at) => [vip, [...names.slice(at), ...names.slice(0, at)]] as const);
    nodes = makeNodes(lan, names, ranks);
    newer = makeNodes(lan, names, ranks, later.program);
    for (const one of await nodes.startAll(names)) members.set(one.name, one);
    await answeredBy(names);
  });
  after(() => {
    nodes.end();
    newer.end();
    later.end();
    lan.end();
  });

  /** As a DaemonSet does it: it is told to end, and the next one starts in its place. What a client saw until the addresses are answered by some of these. */
  const roll = async (name: string, by: readonly string[]): Promise<Seen> => {
    const member = members.get(name);
    assert.ok(member);
    const watch = await lan.observe(vips);
    member.order({ kind: 'close', how: 'withdraw' });
    await member.ended;
    members.set(name, await newer.start(name, { stateDir: nodes.stateDir(name) }));
    await answeredBy(by);
    return watch.end();
  };
  const hearsAnother = (name: string, from: string) =>
    members.get(name)?.until((news) => news.kind === 'dropped' && news.why === 'version' && news.from === from);

  it('leave the addresses to the version of which there are more: two never answer at once, and both say why they do not hear each other', async () => {
    const first = await roll('a', ['b', 'c']);
    await hearsAnother('a', '10.77.0.12');
    await hearsAnother('b', '10.77.0.11');
    const second = await roll('b', ['a', 'b']);
    const third = await roll('c', ['a', 'b', 'c']);
    for (const seen of [first, second, third]) assert.deepEqual(doubleAnswers(seen), []);
  });
});
