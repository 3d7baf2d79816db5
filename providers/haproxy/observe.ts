/** What is, in the planner's words: the resources committed last, corrected by what the process says. Pure. */
import type { Health, Member, Observed, Resource } from '../../src/model/index.ts';
import { splitAuthority } from '../../src/net/index.ts';
import type { Withheld } from './commit-withhold.ts';
import type { Layout, ServerLine } from './layout.ts';
import { backendName, parseServerName, serverName } from './names.ts';
import type { ServerState } from './process-read.ts';
import { serverAddress } from './text.ts';

export interface ObserveInput {
  readonly committed: readonly Resource[];
  /** What the process was last told to serve; undefined when no process is known to have been told. */
  readonly intended: Layout | undefined;
  readonly servers: readonly ServerState[];
  /** `backend/server` of those without weight that still have connections. */
  readonly draining: ReadonlySet<string>;
  readonly withheld: readonly Withheld[];
  /** Everything that no set of servers tells is as it was committed, and nothing that was withheld could be served now. */
  readonly proven: boolean;
}

/**
 * Settings are left out while the process is not proved to serve what was committed: creating them again is a step that touches no
 * traffic, is allowed by every policy, and makes the next commit put everything right.
 */
export function observedOf(input: ObserveInput): readonly Observed[] {
  const byBackend = Map.groupBy(input.servers, ({ backend }) => backend);
  const sections = new Map(input.intended?.sections.map((section) => [section.head, section]));
  const reasons = Map.groupBy(input.withheld, ({ kind, id }) => `${kind}\n${id}`);
  const observed: Observed[] = [];
  for (const resource of input.committed) {
    if (resource.kind === 'Settings' && !(input.proven && input.intended !== undefined)) continue;
    const out = reasons.get(`${resource.kind}\n${resource.id}`);
    const facts =
      out === undefined
        ? {}
        : {
            state: out.some(({ whole }) => whole) ? 'not served' : 'served in part',
            reason: out.map(({ message }) => message).join('; '),
          };
    const base = { ...resource, handle: resource.id, owned: true, facts };
    if (resource.kind !== 'Backend' || input.intended === undefined) {
      observed.push(base);
      continue;
    }
    const name = backendName(resource.id);
    const lines = sections.get(`backend ${name}`)?.servers ?? noLines;
    observed.push({ ...base, ...backendState(resource, name, lines, byBackend.get(name) ?? [], input.draining) });
  }
  return observed;
}

const noLines: ReadonlyMap<string, ServerLine> = new Map();

function backendState(
  resource: Resource,
  backend: string,
  lines: ReadonlyMap<string, ServerLine>,
  states: readonly ServerState[],
  draining: ReadonlySet<string>,
): Pick<Observed, 'sets' | 'health'> {
  const byName = new Map(states.map((state) => [state.name, state]));
  const wanted = resource.sets.servers ?? new Map<string, Member>();
  const members = new Map<string, Member>();
  const health = new Map<string, Health>();
  let drifted = false;
  for (const [key, member] of wanted) {
    const target = splitAuthority(key);
    const name = target === undefined ? '' : serverName(target.address, Number(target.port));
    const state = byName.get(name);
    byName.delete(name);
    // Not in the process, or taken out of service by someone: it is not a member, and the plan adds it again.
    if (state === undefined || state.maintenance || state.draining) {
      drifted = true;
      continue;
    }
    const line = lines.get(name);
    const changed = line !== undefined && line.weight !== state.weight;
    drifted ||= changed;
    members.set(key, changed ? { ...member, attrs: { ...member.attrs, weight: state.weight } } : member);
    health.set(key, healthOf(state, draining.has(`${backend}/${name}`)));
  }
  for (const [name, state] of byName) {
    // In maintenance: on its way out, by our own hand.
    const target = parseServerName(name);
    if (state.maintenance || target === undefined) continue;
    drifted = true;
    const key = serverAddress(target);
    members.set(key, { attrs: { weight: state.weight } });
    health.set(key, healthOf(state, false));
  }
  return { sets: drifted ? { ...resource.sets, servers: members } : resource.sets, health: { servers: health } };
}

export function healthOf(state: ServerState, draining: boolean): Health {
  if (draining) return 'draining';
  if (!state.checked) return 'ready';
  if (!state.checkedOnce) return 'initial';
  return state.up ? 'ready' : 'unhealthy';
}
