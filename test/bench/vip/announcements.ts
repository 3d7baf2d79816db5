import { setTimeout as sleep } from 'node:timers/promises';
import { makeLan, monotonicMs } from '../../e2e/l2-lan.ts';
import { type Member, makeNodes, opened } from '../../e2e/l2-nodes.ts';
import type { Figure } from '../figure.ts';

const rounds = 5;

/** A node with a thousand addresses is killed: how long after its successor's claim each of them has been announced. The worst of the rounds. */
export async function measureAnnouncements(stall: boolean): Promise<readonly Figure[]> {
  const names = ['a', 'b', 'c'];
  const vips = Array.from({ length: 1000 }, (_, at) => `10.78.${at >> 8}.${at & 255}`);
  const lan = makeLan(names);
  const nodes = makeNodes(
    lan,
    names,
    vips.map((vip) => [vip, ['a', 'b']]),
  );
  const pools = { pools: [{ first: '10.78.0.0', last: '10.78.255.255' }] };
  try {
    let [owner, heir]: [Member, Member] = [nodes.begin('a', pools), nodes.begin('b', pools)];
    heir.order({ kind: 'eligible', eligible: false });
    await nodes.start('c', pools);
    for (const vip of vips) await owner.until(opened(vip));
    heir.order({ kind: 'eligible', eligible: true });
    const took: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await sleep(5000); // The burst of the takeover before ends.
      const observation = await lan.observe([]);
      const at = monotonicMs();
      owner.kill('SIGKILL');
      const isClaim = (news: (typeof heir.news)[number]) => news.kind === 'report' && news.report.kind === 'claimed';
      await heir.until((news) => news.kind === 'report' && news.report.kind === 'claimed', at);
      if (stall) {
        heir.kill('SIGSTOP');
        await sleep(600);
        heir.kill('SIGCONT');
      }
      for (const vip of vips) await heir.until(opened(vip), at);
      await sleep(500);
      const seen = await observation.end();
      const claims = heir.news.filter((news) => news.at >= at && isClaim(news));
      const claimedAt = Math.min(...claims.map((news) => (news.kind === 'report' ? news.atMs : Number.NaN)));
      const first = new Map<string, number>();
      for (const { kind, vip, mac, at: then } of seen.said) {
        if (kind === 'announcement' && mac === lan.mac(heir.name) && then > claimedAt && !first.has(vip))
          first.set(vip, then);
      }
      const value = vips.every((vip) => first.has(vip)) ? Math.max(...first.values()) - claimedAt : Number.NaN;
      process.stderr.write(
        `round ${round}: ${first.size} announced, ${value.toFixed(1)} ms after the claim, which came ${(claimedAt - at).toFixed(0)} ms after the kill\n`,
      );
      took.push(value);
      await owner.ended;
      [owner, heir] = [heir, await nodes.start(owner.name, pools)];
    }
    return [{ figure: 'vip.garp1000_ms', value: Math.max(...took), unit: 'ms', n: rounds }];
  } finally {
    nodes.end();
    lan.end();
  }
}
