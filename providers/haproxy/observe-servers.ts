/** The servers of a process by backend, and how they are. Pure. A backend that is as it was keeps its list: whoever made something of it need not look again. */
import { hash } from 'node:crypto';
import type { Health } from '../../src/model/index.ts';
import type { Section } from './layout.ts';
import type { ServerState } from './process-read.ts';

export type ServerStates = ReadonlyMap<string, readonly ServerState[]>;

/** A reading as lists of backends; those that equal the list in `before` are that list. */
export function statesOf(reading: readonly ServerState[], before: ServerStates = new Map()): ServerStates {
  const states = new Map<string, readonly ServerState[]>();
  for (const [backend, list] of Map.groupBy(reading, (state) => state.backend)) {
    const known = before.get(backend);
    states.set(backend, known !== undefined && sameList(known, list) ? known : list);
  }
  return states;
}

function sameList(a: readonly ServerState[], b: readonly ServerState[]): boolean {
  if (a.length !== b.length) return false;
  for (const [i, one] of a.entries()) {
    const other = b[i];
    if (other === undefined || !sameState(one, other)) return false;
  }
  return true;
}

function sameState(a: ServerState, b: ServerState): boolean {
  return (
    a.name === b.name &&
    a.address === b.address &&
    a.port === b.port &&
    a.weight === b.weight &&
    a.up === b.up &&
    a.maintenance === b.maintenance &&
    a.draining === b.draining &&
    a.checked === b.checked &&
    a.checkedOnce === b.checkedOnce
  );
}

export function healthOf(state: ServerState, draining: boolean): Health {
  if (draining) return 'draining';
  if (!state.checked) return 'ready';
  if (!state.checkedOnce) return 'initial';
  return state.up ? 'ready' : 'unhealthy';
}

interface Summary {
  readonly text: string;
  /** A health is about to change by itself. */
  readonly restless: boolean;
}

const summaries = new WeakMap<readonly ServerState[], Summary>();

/** Text that is equal while the health of every server is, and whether any of them is about to change by itself. */
export function healthSummary(states: ServerStates, draining: ReadonlySet<string>): Summary {
  const texts: string[] = [];
  let restless = draining.size > 0;
  for (const list of states.values()) {
    const summary = summaryOf(list);
    texts.push(summary.text);
    restless ||= summary.restless;
  }
  return { text: [...texts, ...draining].join('\n'), restless };
}

/** Backends with a server whose first check has not ended. */
export function restlessBackends(states: ServerStates): readonly string[] {
  const found: string[] = [];
  for (const [backend, list] of states) if (summaryOf(list).restless) found.push(backend);
  return found;
}

function summaryOf(list: readonly ServerState[]): Summary {
  let summary = summaries.get(list);
  if (summary === undefined) {
    const healths = list.map((state) => healthOf(state, false));
    const text = list.map(({ backend, name }, i) => `${backend}/${name} ${healths[i]}`).join('\n');
    // Texts of thousands of backends would be the larger part of what is known of them.
    summary = { text: hash('sha256', text, 'base64url'), restless: healths.includes('initial') };
    summaries.set(list, summary);
  }
  return summary;
}

export interface WeightlessServers {
  readonly backend: string;
  readonly names: ReadonlySet<string>;
}

const noNames: ReadonlySet<string> = new Set();

/** The servers of a backend that have no weight: they take nothing new, and drain. */
export function weightlessServers({ head, servers }: Section): WeightlessServers {
  const names = [...(servers?.values() ?? [])].filter(({ weight }) => weight === 0).map(({ name }) => name);
  return { backend: head.slice('backend '.length), names: names.length === 0 ? noNames : new Set(names) };
}
