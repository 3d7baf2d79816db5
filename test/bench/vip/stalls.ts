import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeLan, monotonicMs } from '../../e2e/l2-lan.ts';
import { makeNodes } from '../../e2e/l2-nodes.ts';
import type { Figure } from '../figure.ts';

const stallMs = 500;

/** Moves of an address among three healthy nodes while every core is busy and main threads stall one after the other. */
export async function measureStalls(seconds: number, hasty: boolean): Promise<readonly Figure[]> {
  const names = ['a', 'b', 'c'];
  const lan = makeLan(names);
  const nodes = makeNodes(lan, names, [['10.77.0.100', names]]);
  const hogs = cpus().map(() => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
  try {
    const options = hasty ? { beatMs: 10 } : {};
    const members = await Promise.all(names.map((name) => nodes.start(name, options)));
    await sleep(5000);
    const from = monotonicMs();
    let stalls = 0;
    while (monotonicMs() < from + seconds * 1000) {
      members[stalls % names.length]?.order({ kind: 'stall', ms: stallMs });
      stalls += 1;
      await sleep(2 * stallMs);
    }
    const moves = members.flatMap(({ name, news }) =>
      news.flatMap((one) => (one.kind === 'report' && one.report.kind === 'opened' && one.atMs > from ? [name] : [])),
    );
    process.stderr.write(`${stalls} stalls of ${stallMs} ms in ${seconds} s; moves: ${moves.join(' ') || 'none'}\n`);
    return [{ figure: 'vip.false_takeovers', value: moves.length, unit: 'moves', n: stalls }];
  } finally {
    for (const hog of hogs) hog.kill('SIGKILL');
    nodes.end();
    lan.end();
  }
}
