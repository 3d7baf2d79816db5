import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { News } from '../../providers/l2/speaker-words.ts';
import { needsRootAnd } from '../fakes/needs.ts';
import { type Lan, makeLan, monotonicMs } from './l2-lan.ts';
import { makeNodes, type Nodes, opened } from './l2-nodes.ts';

const names = ['a', 'b', 'c'];
const [vip, vip6, broadcast] = ['10.77.0.100', 'fd09::100', '10.77.0.255'];
const ranks = [vip, vip6].map((one): readonly [string, readonly string[]] => [one, names]);
/** A node that has all votes. */
const alone = { group: { version: 1, voters: ['a'], previous: [] } };
/** It is known there as one that takes addresses. */
const fitness = (node: string) => (news: News) => news.kind === 'claims' && news.node === node && news.eligible;

describe('a machine that cannot take an address', { concurrency: false, skip: needsRootAnd('ip', 'nft') }, () => {
  let lan: Lan;
  let nodes: Nodes | undefined;
  before(() => {
    lan = makeLan(names);
  });
  afterEach(() => nodes?.end());
  after(() => lan.end());
  const fresh = (list = ranks) => {
    nodes = makeNodes(lan, names, list);
    return nodes;
  };
  const answering = async (address: string) => {
    const observation = await lan.observe([address]);
    await sleep(200);
    const { said } = await observation.end();
    return [...new Set(said.filter(({ kind, vip: of }) => kind === 'reply' && of === address).map(({ mac }) => mac))];
  };

  it('gives it to one that can when its kernel refuses it, keeps all others, and is a candidate again later', async () => {
    const [a, b] = await fresh().startAll(names);
    assert.ok(a && b);
    await Promise.all([a.until(opened(vip)), a.until(opened(vip6)), a.until(fitness('b'))]);
    const at = monotonicMs();
    lan.run('a', 'sysctl -q -w net.ipv6.conf.eth0.disable_ipv6=1');
    await b.until(opened(vip6), at);
    assert.match(JSON.stringify(a.news.findLast(({ kind }) => kind === 'unaccepted')), /IPv6 is disabled on eth0/);
    assert.deepEqual([await answering(vip), await answering(vip6)], [[lan.mac('a')], [lan.mac('b')]]);
    const again = monotonicMs();
    lan.run('a', 'sysctl -q -w net.ipv6.conf.eth0.disable_ipv6=0');
    lan.run('a', 'ip -6 address add fd09::11/64 dev eth0 nodad');
    await a.until((news) => news.kind === 'unaccepted' && news.vips.length === 0, again);
    b.order({ kind: 'handOver', vip: vip6, to: 'a' });
    await a.until(opened(vip6), again);
  });

  it('gives it to one that has the interfaces on which it is to be announced from now on', async () => {
    const [a, b] = await fresh().startAll(names);
    assert.ok(a && b);
    await Promise.all([a.until(opened(vip)), a.until(fitness('b'))]);
    const at = monotonicMs();
    const pools = [{ first: '10.77.0.100', last: '10.77.0.199' }];
    a.order({ kind: 'addresses', addresses: { pools, ranks, bound: [[vip, ['nope0']]] } });
    await b.until(opened(vip), at);
    assert.match(
      JSON.stringify(a.news.findLast(({ kind }) => kind === 'unaccepted')),
      /no interface to announce it on/,
    );
    assert.deepEqual(await answering(vip), [lan.mac('b')]);
  });

  it('reaches whoever has it before its first use, and never counts an address that a network needs', async () => {
    lan.run('client', `ip address add ${vip}/32 dev eth0`);
    const both = [vip, broadcast].map((one): readonly [string, readonly string[]] => [one, ['a']]);
    const a = await fresh(both).start('a', alone);
    await a.until(({ kind }) => kind === 'taken');
    assert.doesNotMatch(lan.run('a', 'ip route show table local'), new RegExp(`local ${vip} dev lo`));
    const ask = `require('net').connect({host:'${vip}',port:9,timeout:3000}).on('error',(e)=>{console.log(e.code);process.exit()})`;
    assert.equal(
      lan.run('a', `${process.execPath} -e ${ask}`),
      'ECONNREFUSED\n',
      'by the client, not by itself or nobody',
    );
    const refused = JSON.stringify(a.news.findLast(({ kind }) => kind === 'unaccepted'));
    assert.match(refused, /10\.77\.0\.255","it is the broadcast address of the network on eth0/);
    const at = monotonicMs();
    lan.run('client', `ip address del ${vip}/32 dev eth0`);
    await a.until(opened(vip), at);
    assert.deepEqual(await answering(vip), [lan.mac('a')]);
    assert.deepEqual(a.news.filter(opened(broadcast)), []);
  });
});
