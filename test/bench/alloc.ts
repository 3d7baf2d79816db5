/** What the allocator costs: a /16 that fills, a /16 that is full, and a restart with everything held. */
import { writeFileSync } from 'node:fs';
import { type Claim, open as openSound } from '../../src/alloc/index.ts';
import { type Mutant, openBroken } from '../alloc/break-source.ts';
import type { Open } from '../alloc/run-history.ts';
import { type BenchOptions, type Figure, type FigureSpec, median } from './figure.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'alloc.10k_ms', unit: 'ms', limit: 500, direction: 'lower' },
  { name: 'alloc.refuse_ms', unit: 'ms', limit: 0.1, direction: 'lower' },
  { name: 'alloc.readopt50k_ms', unit: 'ms', limit: 1_000, direction: 'lower' },
];

/** walk: every search for a free address begins at the first. recount: everything kept for others is counted for each service that is read. */
const faults: Readonly<Record<string, Mutant>> = {
  walk: {
    name: 'walk',
    file: 'space.ts',
    from: 'for (; this.#mark < this.#size; this.#mark++)',
    to: 'for (this.#mark = 0; this.#mark < this.#size; this.#mark++)',
  },
  recount: {
    name: 'recount',
    file: 'ledger.ts',
    from: 'const present = this.presentOf(claim);',
    to: 'const present = [...this.#record.keys()].length < 0 ? this.presentOf(claim) : this.presentOf(claim);',
  },
};
export const breaks = Object.keys(faults);

export const load =
  'one pool, a /16; services of one port that share nothing; set one by one, at the restart all at once';

const pools = [{ name: 'public', ranges: ['10.0.0.0/16'] }];
const size = 65_536;

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const fault = breakName === undefined ? undefined : faults[breakName];
  const open = fault === undefined ? openSound : await openBroken(fault);
  // With a fault one round is slow enough.
  const rounds = fault === undefined ? 7 : 1;
  const times: Record<'fill' | 'refuse' | 'readopt', number[]> = { fill: [], refuse: [], readopt: [] };
  for (let round = 0; round < rounds; round++) {
    times.fill.push(timeFill(open));
    if (breakName !== 'recount') times.refuse.push(...timeRefusals(open, breakName === undefined ? 2_000 : 20));
    if (breakName !== 'walk') times.readopt.push(timeReadopt(open));
  }
  if (raw !== undefined) writeFileSync(`${raw}/alloc.json`, `${JSON.stringify(times)}\n`);
  const figure = (name: string, values: readonly number[] = []): readonly Figure[] =>
    values.length === 0
      ? []
      : [{ figure: name, value: Number(median(values).toFixed(4)), unit: 'ms', n: values.length }];
  return [
    ...figure('alloc.10k_ms', times.fill),
    ...figure('alloc.refuse_ms', times.refuse),
    ...figure('alloc.readopt50k_ms', times.readopt),
  ];
}

function claim(id: string, held: readonly string[] = []): Claim {
  const ports = [{ protocol: 'tcp', from: 80, to: 80 }];
  return { id, namespace: 'shop', labels: { app: 'web' }, families: ['ipv4'], ports, held };
}

function timeFill(open: Open): number {
  const claims = Array.from({ length: 10_000 }, (_, i) => claim(`shop/s${i}`));
  const allocator = open(pools);
  const start = performance.now();
  for (const one of claims) allocator.set(one);
  const took = performance.now() - start;
  expect(allocator.outcome.assigned.size, 10_000);
  return took;
}

/** Each refusal on its own, when every address is held. */
function timeRefusals(open: Open, count: number): readonly number[] {
  const allocator = open(pools, heldBy(size));
  allocator.update({ set: Array.from({ length: size }, (_, i) => claim(`shop/s${i}`)) });
  allocator.set(claim('shop/first'));
  const times = Array.from({ length: count }, (_, i) => {
    const one = claim(`shop/late${i}`);
    const start = performance.now();
    allocator.set(one);
    return performance.now() - start;
  });
  expect(allocator.outcome.waiting.size, count + 1);
  return times;
}

/** From what is known to be held, and the services as they are read, to everyone having what he had. */
function timeReadopt(open: Open): number {
  const held = heldBy(50_000);
  const claims = [...held].map(([id, addresses]) => claim(id, addresses));
  const start = performance.now();
  const allocator = open(pools, held);
  const { moved } = allocator.update({ set: claims });
  allocator.complete();
  const took = performance.now() - start;
  expect(moved.length, 0);
  expect(allocator.outcome.assigned.size, 50_000);
  return took;
}

function heldBy(count: number): ReadonlyMap<string, readonly string[]> {
  return new Map(Array.from({ length: count }, (_, i) => [`shop/s${i}`, [`10.0.${i >> 8}.${i & 255}`]]));
}

function expect(found: number, wanted: number): void {
  if (found !== wanted) throw new Error(`${found} instead of ${wanted}`);
}
