import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds } from '../../../providers/l2/kinds.ts';
import { reportsOf } from '../../../providers/l2/report.ts';
import type { News } from '../../../providers/l2/speaker-words.ts';
import { graceMs, View } from '../../../providers/l2/view.ts';
import type { Attrs, Observed } from '../../../src/model/index.ts';
import { service } from './make-input.ts';

const vip = '10.0.0.5';

/** What machine `a` knows after these news, at a time that a test sets. */
function stage(...news: readonly News[]) {
  const clock = { now: 1000 };
  const view = new View('a', () => clock.now);
  view.know([[vip, ['a', 'b']]]);
  const tell = (one: News) => view.tell(one);
  for (const one of news) tell(one);
  const codes = () => view.troubles((node) => `at ${node}`).map(({ code, message }) => `${code} ${message}`);
  return { clock, view, tell, codes };
}

const opened = (address = vip): News => ({ kind: 'report', report: { kind: 'opened', vip: address }, atMs: 0 });
const dropped = (address = vip): News => ({ kind: 'report', report: { kind: 'dropped', vip: address }, atMs: 0 });
const claims = (node: string, ...vips: readonly string[]): News => ({ kind: 'claims', node, vips, eligible: true });
const quorum = (reached: boolean, ...silent: readonly string[]): News => ({
  ...{ kind: 'report', atMs: 0 },
  report: { kind: 'quorum', reached, silent },
});

describe('who answers, as one machine knows it', () => {
  it('is the machine itself from when its gate opened until it gives the address up', () => {
    const { clock, view, tell } = stage();
    assert.equal(view.owner(vip), undefined);
    tell(opened());
    clock.now = 5000;
    tell(opened());
    assert.deepEqual(view.owner(vip), { node: 'a', sinceMs: 1000 });
    tell(dropped());
    assert.equal(view.owner(vip), undefined);
  });

  it('is a peer since its beats claim the address, until it is silent', () => {
    const { clock, view, tell } = stage(claims('b', vip));
    clock.now = 2000;
    tell(claims('b', vip, '10.0.0.6'));
    assert.deepEqual(view.owner(vip), { node: 'b', sinceMs: 1000 });
    assert.deepEqual(view.owner('10.0.0.6'), { node: 'b', sinceMs: 2000 });
    tell(claims('b'));
    assert.equal(view.owner(vip), undefined);
  });

  it('is who follows, though it is not known yet that the one before is silent', () => {
    const { clock, view, tell } = stage(claims('b', vip));
    clock.now = 1400;
    tell(claims('c', vip));
    assert.deepEqual(view.owner(vip), { node: 'c', sinceMs: 1400 });
    tell(claims('b'));
    assert.equal(view.owner(vip)?.node, 'c');
  });

  it('is not the machine itself while no majority hears it: its gates have closed', () => {
    const { view, tell } = stage(opened(), quorum(false, 'b', 'c'));
    assert.equal(view.owner(vip), undefined);
    assert.equal(view.quorate, false);
    tell(quorum(true));
    assert.equal(view.owner(vip)?.node, 'a');
  });

  it('is nobody for longer than a takeover takes before anybody is told, from the loss on', () => {
    const { clock, view, tell } = stage();
    assert.equal(view.unanswered(vip), false);
    clock.now += graceMs;
    assert.equal(view.unanswered(vip), true);
    assert.equal(view.unanswered('10.0.0.99'), false, 'nobody asked for it');
    view.know([[vip, []]]);
    assert.equal(view.unanswered(vip), false, 'nobody may answer for it');
    clock.now += graceMs;
    view.know([[vip, ['a']]]);
    assert.equal(view.unanswered(vip), false, 'somebody may since just now');
    tell(opened());
    assert.equal(view.unanswered(vip), false);
    clock.now += 10 * graceMs;
    tell(dropped());
    assert.equal(view.unanswered(vip), false);
    clock.now += graceMs;
    assert.equal(view.unanswered(vip), true);
  });
});

describe('what is wrong, as one machine knows it', () => {
  it('are machines that stay away for a minute: those are gone', () => {
    const { clock, view, tell } = stage();
    clock.now = 100_000;
    tell({
      kind: 'silent',
      nodes: [
        ['b', 95_000],
        ['c', 0],
      ],
    });
    assert.deepEqual(view.gone, ['c'], 'never heard since the start');
    clock.now = 154_999;
    assert.deepEqual(view.gone, ['c']);
    clock.now = 155_000;
    assert.deepEqual(view.gone, ['b', 'c']);
    tell({ kind: 'silent', nodes: [] });
    assert.deepEqual(view.gone, []);
  });

  it('are silent peers, since when and where', () => {
    const { codes } = stage({
      kind: 'silent',
      nodes: [
        ['b', 0],
        ['c', 1000],
      ],
    });
    assert.deepEqual(codes(), [
      'W_L2_PEER b (at b) has not been heard yet',
      'W_L2_PEER c (at c) was not heard since 1970-01-01T00:00:01.000Z',
    ]);
  });

  it('are others who claim or have an address while they do, and gates that somebody has removed, for ten minutes', () => {
    const { clock, codes, tell } = stage({ kind: 'conflict', vip, mac: '02:00:00:00:00:09' }, { kind: 'gatesMended' });
    assert.match(codes().join('\n'), /W_L2_CONFLICT 10\.0\.0\.5: 02:00:00:00:00:09 says .*\nW_L2_GATE /);
    clock.now += 90_001;
    assert.match(codes().join('\n'), /^W_L2_GATE [^\n]*$/, 'who goes on is told again each minute');
    clock.now += 600_001;
    assert.deepEqual(codes(), []);
    tell({ kind: 'conflict', vip, mac: '02:00:00:00:00:0b', node: 'b' });
    assert.match(codes()[0] ?? '', /W_L2_CONFLICT 10\.0\.0\.5: b \(02:00:00:00:00:0b\), one of ours, has announced it/);
    clock.now += 600_001;
    tell({ kind: 'taken', vips: [[vip, '02:00:00:00:00:09']] });
    assert.match(codes()[0] ?? '', /W_L2_CONFLICT 10\.0\.0\.5 is answered by 02:00:00:00:00:09 already/);
    tell({ kind: 'taken', vips: [] });
    assert.deepEqual(codes(), []);
  });

  it('are datagrams that somebody can mend, not the noise of a network', () => {
    const drop = (why: Extract<News, { kind: 'dropped' }>['why']) =>
      stage({ kind: 'dropped', why, from: '10.0.0.2', count: 3 }).codes();
    assert.match(drop('forged')[0] ?? '', /W_L2_PEER 3 datagrams from 10\.0\.0\.2 .* another secret/);
    assert.match(drop('config')[0] ?? '', /beatMs or mode differ/);
    assert.match(drop('version')[0] ?? '', /another version/);
    assert.deepEqual([drop('foreign'), drop('malformed')], [[], []]);
  });

  it('are voters that have to be heard first, a missing majority, and a machine that goes on alone', () => {
    const member: News = { ...{ kind: 'report', atMs: 0 }, report: { kind: 'member', votes: false, waitsFor: ['c'] } };
    const alone: News = { ...{ kind: 'report', atMs: 0 }, report: { kind: 'alone', alone: true } };
    const young = stage(member);
    assert.deepEqual(young.codes(), [], 'what passes by itself is told to nobody');
    young.clock.now += graceMs;
    assert.match(young.codes()[0] ?? '', /W_L2_PEER a does not vote yet: it has to hear c once/);
    assert.match(stage(alone).codes()[0] ?? '', /W_L2_PEER a goes on alone/);
    const lost = stage(quorum(false, 'a', 'b', 'c'));
    assert.deepEqual(lost.codes(), []);
    lost.clock.now += graceMs;
    assert.match(lost.codes()[0] ?? '', /E_L2_QUORUM a answers for nothing.*silent: b, c/);
  });

  it('is another machine under the same name, where they outbid each other; a restart is none', () => {
    const stale: News = { ...{ kind: 'report', atMs: 0 }, report: { kind: 'stale', knownInc: 7 } };
    const { codes, tell } = stage(stale);
    assert.deepEqual(codes(), []);
    tell(stale);
    assert.match(codes()[0] ?? '', /W_L2_PEER another machine speaks under the name a, too/);
  });

  it('are interfaces, addresses that cannot be taken, and a proxy that does not answer', () => {
    const { codes } = stage(
      { kind: 'interfaces', announcing: [], passed: [['eth0', 'is down']] },
      { kind: 'unaccepted', vips: [[vip, 'IPv6 is disabled on eth0']] },
      { kind: 'served', served: false, reason: '10.0.0.5:80 does not answer' },
    );
    assert.deepEqual(codes(), [
      'W_L2 no interface of a announces: eth0 is down',
      'W_L2 10.0.0.5 cannot be taken on a: IPv6 is disabled on eth0',
      'W_L2 a takes no address: 10.0.0.5:80 does not answer',
    ]);
  });
});

const announcement = (attrs: Attrs = { candidates: [['a', 'b'], ['c']] }): Observed => ({
  ...{ kind: 'Announcement', id: vip, handle: vip, unit: 'vip@a', serves: ['shop/web'], refs: {}, sets: {} },
  ...{ owned: true, facts: {}, attrs },
});

describe('what is told of a service', () => {
  const web = service('shop/web', { fronts: [{ key: 'http', port: 80, protocol: 'http', routes: [] }] });
  const report = ({ view }: ReturnType<typeof stage>, observed = [announcement()]) => {
    const facesOf = () => ['eth0'];
    const [found] = reportsOf([web], observed, { node: 'a', view, facesOf, voters: ['a', 'b', 'c'] });
    return found;
  };
  const programmed = (found: ReturnType<typeof report>) => found?.conditions.find(({ type }) => type === 'Programmed');

  it('is who answers since when and where, who else may, and why others may not', () => {
    const observed = [announcement({ candidates: [['a', 'b'], ['c']], others: { d: 'is about to be deleted' } })];
    const found = report(stage(opened()), observed);
    assert.deepEqual(found?.announced, [
      {
        ...{ address: vip, owner: 'a', own: true, sinceMs: 1000, interfaces: ['eth0'] },
        ...{ candidates: ['a', 'b', 'c'], others: [{ node: 'd', reason: 'is about to be deleted' }] },
      },
    ]);
    assert.deepEqual(found?.addresses, [{ ip: vip, ports: [80] }]);
    assert.equal(programmed(found)?.status, true);
    assert.deepEqual(report(stage(claims('b', vip)))?.announced?.[0]?.interfaces, []);
  });

  it('is nothing for services without an announced address', () => {
    assert.deepEqual(
      reportsOf([service('shop/db')], [announcement()], {
        node: 'a',
        view: stage().view,
        facesOf: () => [],
        voters: [],
      }),
      [],
    );
  });

  it('is that nobody answers, and why: too few machines, or voters that were never heard', () => {
    const lonely = stage({
      kind: 'silent',
      nodes: [
        ['b', 0],
        ['c', 0],
      ],
    });
    assert.equal(programmed(report(lonely))?.reason, 'Pending');
    lonely.clock.now += graceMs;
    assert.deepEqual(programmed(report(lonely)), {
      ...{ type: 'Programmed', status: false, reason: 'E_L2_QUORUM' },
      message: `nobody answers for ${vip}: of the machines that decide (a, b, c) only a is heard here, and 2 are needed`,
    });
    lonely.tell({ ...{ kind: 'report', atMs: 0 }, report: { kind: 'member', votes: false, waitsFor: ['b', 'c'] } });
    assert.match(programmed(report(lonely))?.message ?? '', /have to hear each other once, and b, c /);
  });

  it('is that the only machine that may cannot take it', () => {
    const only = stage({ kind: 'unaccepted', vips: [[vip, 'there is no interface to announce it on']] });
    only.clock.now += graceMs;
    const found = report(only, [announcement({ candidates: [['a']] })]);
    assert.equal(programmed(found)?.reason, 'E_L2_ADDRESS');
    assert.match(found?.announced?.[0]?.others[0]?.reason ?? '', /cannot take it: there is no interface/);
    const others = report(only, [announcement({ candidates: [['a', 'b', 'c']] })]);
    assert.match(
      programmed(others)?.message ?? '',
      /cannot be taken on a: there is no interface.*; nor does b, c take it/,
    );
    only.tell({ kind: 'unaccepted', vips: [] });
    assert.match(programmed(report(only))?.message ?? '', /nobody answers for 10.0.0.5: none of .* takes it/);
    assert.equal(programmed(report(only, [announcement({ candidates: [] })]))?.reason, 'NoCandidate');
  });
});

it('plans tell candidates in their tiers', () => {
  const words = kinds.find(({ kind }) => kind === 'Announcement')?.words?.attrs;
  assert.equal(words?.candidates?.text?.([['a', 'b'], ['c']], {}), 'a b, then c');
  assert.equal(words?.candidates?.text?.([], {}), 'nobody');
  assert.equal(words?.others?.text?.({ d: 'is gone' }, {}), 'd (is gone)');
});
