import {
  inStrides,
  type MergedAction,
  type MergedHost,
  type MergedRule,
  type Problem,
  type Sliced,
} from '../model/index.ts';
import type { AdmittedFront, AdmittedRule } from './admit.ts';
import { claimKey, compareRules } from './rule.ts';
import { ownerFor, tell } from './tell.ts';

export interface Routed {
  readonly hosts: readonly MergedHost[];
  readonly default: MergedAction | undefined;
  /** Fronts that have something left to serve. */
  readonly fronts: readonly AdmittedFront[];
}

interface Host {
  readonly rules: MergedRule[];
  readonly claims: Map<string, MergedRule>;
  default: MergedAction | undefined;
}

/**
 * The fronts of one layer 7 port merged, first come first served. The default of a front without routes takes what nothing else took
 * at the port; that of a front with routes takes the rest of its own hosts, and of the port when nobody without routes wants it.
 */
export function* mergeHosts(fronts: readonly AdmittedFront[], problems: Problem[]): Sliced<Routed> {
  const hosts = new Map<string, Host>();
  const fallback = defaultOf(fronts);
  const staying: AdmittedFront[] = [];
  yield* inStrides(fronts, (front) => {
    const won = front.rules.filter((rule) => claimRule(front, rule, hosts, problems)).length;
    const kept = front.default !== undefined && claimDefault(front, front.default, fallback, hosts, problems);
    if (won > 0 || kept) staying.push(front);
  });
  yield;
  return { hosts: ordered(hosts), default: fallback?.default, fronts: staying };
}

function claimRule(
  front: AdmittedFront,
  { rule, hosts: wanted, index }: AdmittedRule,
  hosts: Map<string, Host>,
  problems: Problem[],
): boolean {
  const key = claimKey(rule);
  let won = false;
  for (const name of wanted) {
    let host = hosts.get(name);
    const holder = host?.claims.get(key);
    if (holder !== undefined) {
      problems.push(routeLost(front, rule, index, name, holder));
      continue;
    }
    if (host === undefined) {
      host = { rules: [], claims: new Map(), default: undefined };
      hosts.set(name, host);
    }
    host.claims.set(key, rule);
    host.rules.push(rule);
    won = true;
  }
  return won;
}

/** Whoever gets what no host and path took: the first front without routes, else the first with a default. */
function defaultOf(fronts: readonly AdmittedFront[]): AdmittedFront | undefined {
  const wanting = fronts.filter((front) => front.default !== undefined);
  return wanting.find((front) => front.rules.length === 0) ?? wanting[0];
}

/** True when the default serves something: the rest of the port, or of a host. */
function claimDefault(
  front: AdmittedFront,
  action: MergedAction,
  winner: AdmittedFront | undefined,
  hosts: Map<string, Host>,
  problems: Problem[],
): boolean {
  let kept = winner === front;
  const names = new Set(front.rules.flatMap((rule) => rule.hosts));
  for (const name of names) {
    const host = hosts.get(name);
    if (host === undefined) continue;
    const holder = host.default;
    if (holder === undefined) {
      host.default = action;
      kept = true;
    } else if (holder.service.id !== front.service.id) {
      problems.push(defaultLost(front, name === '' ? 'every host' : `host ${name}`, holder));
    }
  }
  if (front.rules.length === 0 && !kept && winner?.default !== undefined) {
    problems.push(defaultLost(front, `port ${front.front.port}`, winner.default));
  }
  return kept;
}

function ordered(hosts: ReadonlyMap<string, Host>): readonly MergedHost[] {
  const exact: MergedHost[] = [];
  const wildcard: MergedHost[] = [];
  const every: MergedHost[] = [];
  for (const [name, { rules, default: action }] of hosts) {
    // The sort is stable: rules came in by age and by their order in the service.
    const merged: MergedHost = {
      host: name,
      rules: rules.sort(compareRules),
      ...(action === undefined ? {} : { default: action }),
    };
    if (name === '') every.push(merged);
    else if (name.startsWith('*.')) wildcard.push(merged);
    else exact.push(merged);
  }
  return [...exact, ...wildcard, ...every];
}

function routeLost(front: AdmittedFront, rule: MergedRule, index: number, host: string, holder: MergedRule): Problem {
  const where = host === '' ? 'every host' : `host ${host}`;
  const field = `fronts[${front.index}].routes[${index}]`;
  const value = `${host}${rule.path.value}`;
  const message = `${where}, path ${rule.path.value} (${rule.path.type}) at port ${front.front.port} is served by ${ownerFor(front.service, holder.service)}; change host or path here or remove it there`;
  return tell(front.service, 'E_ROUTE_CONFLICT', field, value, message);
}

function defaultLost(front: AdmittedFront, what: string, holder: MergedAction): Problem {
  const message = `what no route of ${what} takes is served by ${ownerFor(front.service, holder.service)}; remove one of the two defaults`;
  return tell(front.service, 'E_ROUTE_CONFLICT', `fronts[${front.index}].default`, front.front.key, message);
}
