import { type ErrorCode, errors, type Problem, shown } from '../model/index.ts';
import { addressFamily, type Family, type LabelSelector, parseAddress, parseLabelSelector } from '../net/index.ts';
import { type Interval, intervalText, parseInterval, toNumber } from '../net/interval.ts';
import { Entries } from './entries.ts';
import type { Pool, ReservedAddress } from './pool.ts';

/** A pool that can be used: what was wrong with it is told, the rest is here. */
export interface ReadPool {
  readonly name: string;
  /** In the order in which they are given out. */
  readonly ranges: readonly Interval[];
  readonly autoAssign: boolean;
  readonly avoidBuggy: boolean;
  readonly allocation: ReadAllocation | undefined;
}

export interface ReadAllocation {
  readonly priority: number;
  readonly namespaces: ReadonlySet<string> | undefined;
  readonly selectors: readonly LabelSelector[] | undefined;
}

export interface ReadPools {
  /** By name, in the order of names. */
  readonly pools: ReadonlyMap<string, ReadPool>;
  /** Address → whose it is. */
  readonly reserved: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/**
 * Pools as they can be used. The result does not depend on the order of the pools. An entry that cannot be used is told and left out, and so
 * is the later one of two that overlap; everything else of the pool stays in force.
 */
export function readPools(pools: readonly Pool[], reserved: readonly ReservedAddress[]): ReadPools {
  const problems: Problem[] = [];
  const read = new Map<string, ReadPool>();
  const taken = new Entries();
  for (const pool of [...pools].sort(byName)) {
    if (read.has(pool.name)) {
      problems.push(
        tell(
          pool,
          'E_POOL',
          'name',
          pool.name,
          'is the name of two pools; the other one is used. Give this one another name',
        ),
      );
      continue;
    }
    if (pool.ranges.length === 0)
      problems.push(tell(pool, 'E_POOL', 'ranges', '', 'has no entry; list at least one range such as 10.0.0.0/24'));
    const ranges: Interval[] = [];
    pool.ranges.forEach((text, i) => {
      const field = `ranges[${i}]`;
      const parsed = parseInterval(text);
      if (!parsed.ok) problems.push(tell(pool, 'E_POOL', field, text, parsed.reason));
      else {
        const other = taken.meeting(parsed.value);
        if (other === undefined) {
          ranges.push(parsed.value);
          taken.add({ range: parsed.value, pool, field, text });
        } else {
          const reason = `overlaps ${shown(other.text)} of pool ${shown(other.pool.name)} (${intervalText(common(other.range, parsed.value))} is in both); cut one of them`;
          problems.push(tell(pool, 'E_POOL_OVERLAP', field, text, reason));
        }
      }
    });
    const allocation = readAllocation(pool, problems);
    read.set(pool.name, {
      name: pool.name,
      ranges,
      autoAssign: pool.autoAssign ?? true,
      avoidBuggy: pool.avoidBuggy ?? false,
      allocation,
    });
  }
  return { pools: read, reserved: readReserved(reserved, taken, problems), problems };
}

/** What is in both of two ranges that overlap. */
function common(a: Interval, b: Interval): Interval {
  const later = a.first > b.first ? a : b;
  const sooner = a.last < b.last ? a : b;
  return { family: a.family, first: later.first, last: sooner.last };
}

/** A selector that cannot be read selects nothing: a pool meant for few is not opened to all. */
function readAllocation(pool: Pool, problems: Problem[]): ReadAllocation | undefined {
  const { allocation } = pool;
  if (allocation === undefined) return undefined;
  const { priority = 0, namespaces, namespaceSelectors, serviceSelectors } = allocation;
  if (namespaceSelectors !== undefined) {
    const reason = 'selects nothing: no Namespace is known; let weir read them, or list names in namespaces';
    problems.push(tell(pool, 'W_FEATURE', 'allocation.namespaceSelectors', '', reason));
  }
  const usable = Number.isSafeInteger(priority) && priority >= 0;
  if (!usable)
    problems.push(
      tell(pool, 'E_POOL', 'allocation.priority', priority, 'must be a whole number from 0; 0, the last, is used'),
    );
  const selectors = serviceSelectors?.flatMap((text, i) => {
    const parsed = parseLabelSelector(text);
    if (parsed.ok) return [parsed.value];
    problems.push(tell(pool, 'E_POOL', `allocation.serviceSelectors[${i}]`, text, parsed.reason));
    return [];
  });
  return {
    priority: usable ? priority : 0,
    namespaces: namespaces === undefined ? undefined : new Set(namespaces),
    selectors,
  };
}

function readReserved(
  reserved: readonly ReservedAddress[],
  taken: Entries,
  problems: Problem[],
): ReadonlyMap<string, string> {
  const read = new Map<string, string>();
  for (const { address, owner } of reserved) {
    const parsed = parseAddress(address);
    // Addresses of machines come from elsewhere, where they are judged: one that is none bars nothing.
    if (!parsed.ok || read.has(parsed.value)) continue;
    read.set(parsed.value, owner);
    const point = pointOf(addressFamily(parsed.value), parsed.value);
    const within = taken.meeting(point);
    if (within === undefined) continue;
    const reason = `contains ${parsed.value}, the address of ${shown(owner)}, which is not given out; take it out of the pool`;
    problems.push(tell(within.pool, 'W_POOL_RESERVED', within.field, within.text, reason));
  }
  return read;
}

function pointOf(family: Family, address: string): Interval {
  const value = toNumber(address);
  return { family, first: value, last: value };
}

function tell(pool: Pool, code: ErrorCode, path: string, value: unknown, reason: string): Problem {
  const quoted = value === '' ? '' : ` (is ${typeof value === 'string' ? JSON.stringify(shown(value)) : shown(value)})`;
  const field = ownField(pool, path);
  const { file, line } = pool;
  return {
    code,
    severity: errors[code].class === 'warning' ? 'warning' : 'error',
    source: shown(pool.source ?? `pool ${pool.name}`),
    field,
    ...(value === '' ? {} : { value: shown(value) }),
    message: `pool ${shown(pool.name)}: ${field} ${reason}${quoted}`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}

/** `ranges[0]` as the owner of the pool calls it. */
function ownField({ fields = {} }: Pool, path: string): string {
  const bracket = path.indexOf('[');
  const [name, rest] = bracket < 0 ? [path, ''] : [path.slice(0, bracket), path.slice(bracket)];
  return Object.hasOwn(fields, name) ? `${fields[name]}${rest}` : path;
}

function byName(a: Pool, b: Pool): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
