/** How many calls of AWS weir makes for fifty services and an Ingress, counted in the journal of the strict fake. */
import { writeFileSync } from 'node:fs';
import { type Counted, countCalls } from './awselb/count-calls.ts';
import { twists } from './awselb/twists.ts';
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'aws.create50_calls', unit: 'calls', limit: 450, direction: 'lower' },
  { name: 'aws.restart50_calls', unit: 'calls', limit: 120, direction: 'lower' },
  { name: 'aws.restart50_writes', unit: 'calls', limit: 0, direction: 'lower' },
  { name: 'aws.restart50_noticed', unit: 'changes', limit: 2, direction: 'higher' },
  { name: 'aws.audit50_calls', unit: 'calls', direction: 'lower' },
  { name: 'aws.touch_calls', unit: 'calls', limit: 0, direction: 'lower' },
  { name: 'aws.swap50_calls', unit: 'calls', limit: 150, direction: 'lower' },
  { name: 'aws.swap50_known_calls', unit: 'calls', direction: 'lower' },
  { name: 'aws.swap50_early', unit: 'calls', limit: 0, direction: 'lower' },
  { name: 'aws.ingress_create_calls', unit: 'calls', limit: 25, direction: 'lower' },
  { name: 'aws.ingress_touch_calls', unit: 'calls', limit: 0, direction: 'lower' },
];

/** chatty: every call is made twice. blind: readings never change. deregister-first: a target is taken out before others are put in. */
export const breaks = ['chatty', 'blind', 'deregister-first'];

export const load =
  '50 NLB Services of one TCP port and two ip targets as Kubernetes manifests, an Ingress of 3 hosts and 3 Services; whole weir on a virtual clock, real SDK, strict fake in this process; a load balancer is active on the 2nd describe that sees it, a target healthy on the 2nd; API rates as configured by default';

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const twist = Object.entries(twists).find(([name]) => name === breakName)?.[1];
  const counted = await countCalls(twist);
  for (const { what, calls, names, tookMs } of counted.parts)
    process.stderr.write(`${what}: ${calls} calls in ${Math.round(tookMs / 1000)} simulated seconds: ${names}\n`);
  if (raw !== undefined) writeFileSync(`${raw}/awselb.json`, JSON.stringify(counted, undefined, 1));
  return figures.map(({ name, unit }) => {
    const [value, n] = counted.values[name] ?? [Number.NaN, 0];
    return { figure: name, value, unit, n };
  });
}

export type { Counted };
