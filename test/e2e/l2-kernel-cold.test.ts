import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { spreadVips } from '../../providers/l2/protocol/spread.ts';
import { needsRootAnd } from '../fakes/needs.ts';
import { type Lan, makeLan } from './l2-lan.ts';
import { type Member, makeNodes, type Nodes, opened } from './l2-nodes.ts';

const names = ['a', 'b', 'c'];
const vips = Array.from({ length: 9 }, (_, at) => `10.77.0.${100 + at}`);
/** Nine seconds are left to others here: the machine may be busy. */
const slow = { beatMs: 300 };
const ranks = [...spreadVips(vips.map((vip) => ({ vip, nodes: names, owner: undefined })))];

describe('machines that begin together', { concurrency: false, skip: needsRootAnd('ip', 'nft') }, () => {
  let lan: Lan;
  let nodes: Nodes;
  let running: readonly Member[] = [];
  before(() => {
    lan = makeLan(names);
    nodes = makeNodes(lan, names, ranks);
  });
  after(() => {
    nodes.end();
    lan.end();
  });
  const shares = () => running.map(({ news }) => vips.filter((vip) => news.some(opened(vip))).length);
  /** Each within two seconds of the others, the last in the order of names first. */
  const begin = async () => {
    const begun: Member[] = [];
    for (const name of [...names].reverse()) {
      begun.push(nodes.begin(name, slow));
      await sleep(600);
    }
    running = begun;
    await Promise.all(vips.map((vip) => Promise.any(begun.map((one) => one.until(opened(vip))))));
  };

  it('share nine addresses, at their first start and after all were stopped', async () => {
    await begin();
    assert.deepEqual(shares(), [3, 3, 3]);
    for (const one of running) one.kill('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
    await begin();
    assert.deepEqual(shares(), [3, 3, 3]);
  });
});
