import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VoteAnswer, VoteRecord } from '../../providers/l2/protocol/events.ts';
import { needsRootAnd } from '../fakes/needs.ts';
import { doubleAnswers } from './l2-doubles.ts';
import { type Lan, makeLan, monotonicMs } from './l2-lan.ts';
import { type Member, makeNodes, type Nodes, opened } from './l2-nodes.ts';

const names = ['a', 'b'];
const vip = '10.77.0.100';

describe('two nodes on a network', { concurrency: false, skip: needsRootAnd('ip', 'nft') }, () => {
  let lan: Lan;
  let nodes: Nodes | undefined;
  const begin = () => {
    nodes?.end();
    nodes = makeNodes(lan, names, [[vip, names]]);
    return nodes;
  };
  before(() => {
    lan = makeLan(names);
    // The client is the gateway of both.
    for (const name of names) lan.run(name, 'ip route add default via 10.77.0.20');
  });
  after(() => {
    nodes?.end();
    lan.end();
  });

  it('available: one goes on alone when the other dies, with the gateway as witness, and never both answer', async () => {
    const [a, b] = await begin().startAll(names, { mode: 'available' });
    assert.ok(a !== undefined && b !== undefined);
    await a.until(opened(vip));
    const observation = await lan.observe([vip]);
    const at = monotonicMs();
    a.kill('SIGKILL');
    await b.until(opened(vip), at);
    await sleep(300);
    const seen = await observation.end();
    assert.deepEqual(doubleAnswers(seen), []);
    assert.ok(seen.said.some(({ kind, mac }) => kind === 'reply' && mac === lan.mac('b')));
    await b.until((news) => news.kind === 'report' && news.report.kind === 'alone' && news.report.alone, at);
  });

  it('available: hundreds of addresses are asked for together when the other dies, and none is let go after that', async () => {
    const vips = Array.from({ length: 300 }, (_, at) => `10.77.${1 + Math.floor(at / 250)}.${at % 250}`);
    const [a, b] = await begin().startAll(names, {
      ...{ mode: 'available', ranks: vips.map((one) => [one, names]) },
      pools: [{ first: '10.77.1.0', last: '10.77.2.49' }],
    });
    assert.ok(a !== undefined && b !== undefined);
    const last = vips.at(-1) ?? '';
    await a.until(opened(last));
    const at = monotonicMs();
    a.kill('SIGKILL');
    for (const one of vips) await b.until(opened(one), at);
    await sleep(500);
    const gone = b.news.filter((news) => news.at >= at && news.kind === 'report' && news.report.kind === 'dropped');
    assert.deepEqual(gone, []);
  });

  it('available: without the gateway nobody answers', async () => {
    const [a, b] = await begin().startAll(names, { mode: 'available' });
    assert.ok(a !== undefined && b !== undefined);
    await a.until(opened(vip));
    lan.plug('client', false);
    a.kill('SIGKILL');
    await sleep(1500);
    assert.equal(b.news.some(opened(vip)), false);
    lan.plug('client', true);
    await b.until(opened(vip));
  });

  it('api: one takes the vote elsewhere when the other dies, and gives it back when that is there again', async () => {
    const running = begin();
    const api = new Api();
    const start = async (name: string) => api.serve(await running.start(name, { mode: 'api' }));
    const [a, b] = await Promise.all(names.map(start));
    assert.ok(a !== undefined && b !== undefined);
    await Promise.race([a.until(opened(vip)), b.until(opened(vip))]);
    const [owner, other] = a.news.some(opened(vip)) ? [a, b] : [b, a];
    assert.equal(api.record?.holder ?? '', '');
    const at = monotonicMs();
    owner.kill('SIGKILL');
    await other.until(opened(vip), at);
    assert.equal(api.record?.holder, other.name);
    await owner.ended;
    await start(owner.name);
    for (const end = monotonicMs() + 10_000; api.record?.holder !== '' && monotonicMs() < end; ) await sleep(20);
    assert.equal(api.record?.holder, '');
  });
});

/** The record that a cluster keeps, answered as its API would. */
class Api {
  record: VoteRecord | undefined;
  #writes = 0;

  serve(member: Member): Member {
    let answered = 0;
    const timer = setInterval(() => {
      for (const news of member.news.slice(answered)) if (news.kind === 'vote') this.#answer(member, news.request);
      answered = member.news.length;
    }, 5).unref();
    void member.ended.then(() => clearInterval(timer));
    return member;
  }

  #answer(member: Member, request: Extract<Member['news'][number], { kind: 'vote' }>['request']): void {
    const { id } = request;
    let answer: VoteAnswer = { id, kind: 'conflict' };
    if (request.kind === 'swap' && request.revision === this.record?.revision) {
      this.#writes += 1;
      this.record = { holder: request.holder, fence: request.fence, revision: `${this.#writes}` };
      answer = { id, kind: 'record', record: this.record };
    }
    if (request.kind === 'read') answer = { id, kind: 'record', record: this.record };
    member.order({ kind: 'vote', answer });
  }
}
