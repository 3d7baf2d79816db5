import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeLan } from '../../e2e/l2-lan.ts';
import { makeNodes, opened } from '../../e2e/l2-nodes.ts';
import type { Figure } from '../figure.ts';

/** Until what runs often is compiled, and the announcements of the takeover have ended. */
const warmSeconds = 60;
const seconds = 40;

/** CPU of the node that owns all of 100 addresses among six, with the programs that it runs, in percent of a core. */
export async function measureIdle(hasty: boolean): Promise<readonly Figure[]> {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const voters = names.slice(0, 5);
  const vips = Array.from({ length: 100 }, (_, at) => `10.77.0.${100 + at}`);
  const lan = makeLan(names);
  const nodes = makeNodes(
    lan,
    names,
    vips.map((vip) => [vip, ['a']]),
  );
  const options = {
    group: { version: 1, voters, previous: [] },
    pools: [{ first: '10.77.0.100', last: '10.77.0.199' }],
    ...(hasty ? { beatMs: 10 } : {}),
  };
  try {
    const a = nodes.begin('a', options);
    await Promise.all(names.slice(1).map((name) => nodes.start(name, options)));
    for (const vip of vips) await a.until(opened(vip));
    await sleep(warmSeconds * 1000);
    const before = ticksOf(a.pid);
    await sleep(seconds * 1000);
    const value = ticksOf(a.pid) - before;
    return [{ figure: 'vip.idle_cpu_pct', value: value / seconds, unit: 'percent', n: seconds }];
  } finally {
    nodes.end();
    lan.end();
  }
}

/** Hundredths of a second that a process and all that it runs have used. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
  const ended = Number(fields[13]) + Number(fields[14]);
  return Number(fields[11]) + Number(fields[12]) + ended + children.reduce((sum, child) => sum + ticksOf(child), 0);
}
