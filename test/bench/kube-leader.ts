/** Several weirs of one AWS account: how soon the next one writes after the leader was killed, and how often two write, as the account sees it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';
import { contest, leaseMs } from './kube-leader/contest.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'kube.takeover_ms', unit: 'ms', limit: leaseMs + 1_000, direction: 'lower' },
  { name: 'kube.two_writers', unit: 'calls', limit: 0, direction: 'lower' },
];

/** Who has led once goes on writing. */
export const breaks = ['no-gate'];

const rounds = 200;

export const load = `three \`weir run\` with awselb, a real API server, a strict account over HTTP; a lease of ${leaseMs} ms renewed every 200 ms; another target wanted every 40 ms; ${rounds} rounds (30 with a fault planted) in each of which the leader is killed (20), cut off from the API server (60) or stood still until another one has written (120). takeover: from the kill to the first call of the next, the longest; two_writers: calls of one that began after a call of the one that held the Lease by then`;

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const count = breakName === undefined ? rounds : 30;
  const lines: string[] = [];
  const { journal, stray, holds, takeoversMs } = await contest(count, breakName !== 'no-gate', (line) => {
    lines.push(line);
    if (lines.length % 20 === 0) process.stderr.write(`round    ${line}\n`);
  });
  if (raw !== undefined) {
    const events = [...lines, ...[...journal, ...holds].map((event) => JSON.stringify(event))];
    writeFileSync(join(raw, 'kube-leader.txt'), `${events.join('\n')}\n`);
  }
  return [
    {
      figure: 'kube.takeover_ms',
      value: Math.round(Math.max(...takeoversMs)),
      unit: 'ms',
      n: takeoversMs.length,
    },
    { figure: 'kube.two_writers', value: stray.length, unit: 'calls', n: count },
  ];
}
