import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeLan, monotonicMs } from '../../e2e/l2-lan.ts';
import { makeNodes, opened } from '../../e2e/l2-nodes.ts';
import type { Figure } from '../figure.ts';

const rounds = 5;

/** A node with a thousand addresses is killed: how long after its successor's claim each of them has been announced. The worst of the rounds. */
export async function measureAnnouncements(stall: boolean): Promise<readonly Figure[]> {
  const names = ['a', 'b', 'c', 'd'];
  const vips = Array.from({ length: 1000 }, (_, at) => `10.78.${at >> 8}.${at & 255}`);
  const lan = makeLan(names);
  const nodes = makeNodes(
    lan,
    names,
    vips.map((vip) => [vip, ['a', 'b']]),
  );
  const pools = {
    pools: [{ first: '10.78.0.0', last: '10.78.255.255' }],
    group: { version: 1, voters: ['b', 'c', 'd'], previous: [] },
  };
  try {
    const [b] = await Promise.all(['b', 'c', 'd'].map((name) => nodes.start(name, pools)));
    assert.ok(b);
    for (const vip of vips) await b.until(opened(vip));
    const took: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const begun = monotonicMs();
      const a = await nodes.start('a', pools);
      for (const vip of vips) b.order({ kind: 'handOver', vip, to: 'a' });
      for (const vip of vips) await a.until(opened(vip));
      await sleep(5000); // Its own burst ends.
      const observation = await lan.observe([]);
      const at = monotonicMs();
      a.kill('SIGKILL');
      const isClaim = (news: (typeof b.news)[number]) => news.kind === 'report' && news.report.kind === 'claimed';
      await b.until((news) => news.kind === 'report' && news.report.kind === 'claimed', at);
      if (stall) {
        b.kill('SIGSTOP');
        await sleep(600);
        b.kill('SIGCONT');
      }
      for (const vip of vips) await b.until(opened(vip), at);
      await sleep(500);
      const seen = await observation.end();
      const claims = b.news.filter((news) => news.at >= at && isClaim(news));
      const claimedAt = Math.min(...claims.map((news) => (news.kind === 'report' ? news.atMs : Number.NaN)));
      const first = new Map<string, number>();
      for (const { kind, vip, mac, at: then } of seen.said) {
        if (kind === 'announcement' && mac === lan.mac('b') && then > claimedAt && !first.has(vip))
          first.set(vip, then);
      }
      const value = vips.every((vip) => first.has(vip)) ? Math.max(...first.values()) - claimedAt : Number.NaN;
      process.stderr.write(
        `round ${round}: ${first.size} announced, ${value.toFixed(1)} ms after the claim, which came ${(claimedAt - at).toFixed(0)} ms after the kill; made in ${(at - begun).toFixed(0)} ms\n`,
      );
      took.push(value);
    }
    return [{ figure: 'vip.garp1000_ms', value: Math.max(...took), unit: 'ms', n: rounds }];
  } finally {
    nodes.end();
    lan.end();
  }
}
