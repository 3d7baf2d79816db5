/** Ten thousand simulated minutes of random changes under throttling, lost replies, kills and hands in the console: what must never happen, counted. */
import { writeFileSync } from 'node:fs';
import { runChaos } from './awselb/chaos/run-chaos.ts';
import { twists } from './awselb/twists.ts';
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'aws.chaos_violations', unit: 'violations', limit: 0, direction: 'lower' },
  { name: 'aws.chaos_minutes', unit: 'minutes', limit: 10_000, direction: 'higher' },
  { name: 'aws.chaos_changes', unit: 'changes', direction: 'higher' },
  { name: 'aws.chaos_rest_minutes', unit: 'minutes', direction: 'lower' },
];

/**
 * rash: targets are believed healthy as soon as they are registered. sticky: target groups stay though their deletion is answered.
 * hasty: groups are deleted before what is in flight has ended.
 */
export const breaks = ['rash', 'sticky', 'hasty'];

export const load =
  '6 NLB Services and 5 Ingresses in 2 groups on a virtual clock, a change a minute in storms of 20 minutes: services, ports, paths, order, endpoints, schemes, protocols and groups; half of all calls throttled, 3 % of replies and 1 % of requests lost, no retries of the SDK; objects changed by hand, targets ill, weir killed; targets take 20 s, load balancers 90 s';

const minutes = 10_000;
const seed = 20_261;

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const twist = Object.entries(twists).find(([name]) => name === breakName)?.[1];
  const result = await runChaos({
    seed: Number(process.env.WEIR_SEED ?? seed),
    minutes: breakName === undefined ? Number(process.env.WEIR_MINUTES ?? minutes) : 600,
    twist,
    tell: (line) => process.stderr.write(`${line}\n`),
  });
  const { violations, changesByKind, ...numbers } = result;
  process.stderr.write(`${JSON.stringify(numbers)} ${JSON.stringify(changesByKind)}\n`);
  if (raw !== undefined) writeFileSync(`${raw}/awselb-chaos.json`, JSON.stringify(result, undefined, 1));
  const n = result.changes;
  // A planted fault is judged by what it does, not by how long it was watched.
  if (breakName !== undefined)
    return [{ figure: 'aws.chaos_violations', value: violations.length, unit: 'violations', n }];
  return [
    { figure: 'aws.chaos_violations', value: violations.length, unit: 'violations', n },
    { figure: 'aws.chaos_minutes', value: result.minutes, unit: 'minutes', n },
    { figure: 'aws.chaos_changes', value: result.changes, unit: 'changes', n },
    { figure: 'aws.chaos_rest_minutes', value: result.slowestMinutes, unit: 'minutes', n },
  ];
}
