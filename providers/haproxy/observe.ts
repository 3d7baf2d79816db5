/** What is, in the planner's words: the resources committed last, corrected by what the process says. Pure. */
import {
  type Health,
  inStrides,
  type Member,
  type Observed,
  type Resource,
  type Sliced,
} from '../../src/model/index.ts';
import { Indexed } from '../../src/model/remade.ts';
import { splitAuthority } from '../../src/net/index.ts';
import type { Withheld } from './commit-withhold.ts';
import type { Layout, Section, ServerLine } from './layout.ts';
import { sparesOf } from './layout-placed.ts';
import type { Spares } from './layout-routes.ts';
import { ownName, parseServerName, serverName } from './names.ts';
import { healthOf, type ServerStates } from './observe-servers.ts';
import type { ServerState } from './process-read.ts';
import { serverAddress } from './text.ts';

export interface ObserveInput {
  readonly committed: readonly Resource[];
  /** What the process was last told to serve; undefined when no process is known to have been told. */
  readonly intended: Layout | undefined;
  readonly states: ServerStates;
  /** `backend/server` of those without weight that still have connections. */
  readonly draining: ReadonlySet<string>;
  readonly withheld: readonly Withheld[];
  /** Everything that no set of servers tells is as it was committed, and nothing that was withheld could be served now. */
  readonly proven: boolean;
}

/**
 * `index` remembers the sections from one call to the next. Settings are left out while the process is not proved to serve what was committed: creating them again is a step that touches no
 * traffic, is allowed by every policy, and makes the next commit put everything right.
 */
export function* observing(input: ObserveInput, index: Indexed<Section> = new Indexed()): Sliced<readonly Observed[]> {
  const { committed, intended, proven, withheld } = input;
  const sections = index.of(intended?.sections ?? [], ({ head }) => head);
  const reasons = Map.groupBy(withheld, ({ kind, id }) => `${kind}\n${id}`);
  const spares: Spares = intended === undefined ? new Map() : sparesOf(intended);
  const observed: Observed[] = [];
  yield* inStrides(committed, (resource) => {
    if (resource.kind === 'Settings' && !(proven && intended !== undefined)) return;
    const out = reasons.size === 0 ? undefined : reasons.get(`${resource.kind}\n${resource.id}`);
    const running = resource.kind === 'Backend' && intended !== undefined;
    observed.push(running ? observedBackend(resource, sections, spares, out, input) : observedPlain(resource, out));
  });
  return observed;
}

const plain = new WeakMap<Resource, Observed>();

/** What no reading tells of: the same object for the same resource. */
function observedPlain(resource: Resource, out: readonly Withheld[] | undefined): Observed {
  if (out !== undefined) return withFacts(resource, out);
  let made = plain.get(resource);
  if (made === undefined) {
    made = withFacts(resource, out);
    plain.set(resource, made);
  }
  return made;
}

function withFacts(resource: Resource, out: readonly Withheld[] | undefined): Observed {
  const facts =
    out === undefined
      ? {}
      : {
          state: out.some(({ whole }) => whole) ? 'not served' : 'served in part',
          reason: out.map(({ message }) => message).join('; '),
        };
  return { ...resource, handle: resource.id, owned: true, facts };
}

interface Part {
  readonly own: string;
  /** Name of the section that it has in the process, and its head. */
  readonly backend: string;
  readonly head: string;
  readonly section: Section | undefined;
  readonly states: readonly ServerState[];
  readonly observed: Observed;
}

const parts = new WeakMap<Resource, Part>();

/** The same object while section and servers are the same. */
function observedBackend(
  resource: Resource,
  sections: ReadonlyMap<string, Section>,
  spares: Spares,
  out: readonly Withheld[] | undefined,
  input: ObserveInput,
): Observed {
  const known = parts.get(resource);
  const own = known?.own ?? ownName(resource);
  const backend = spares.get(own) ?? own;
  const head = known?.backend === backend ? known.head : `backend ${backend}`;
  const section = sections.get(head);
  const states = input.states.get(backend) ?? noStates;
  const drains = input.draining.size > 0 && states.some((state) => input.draining.has(`${backend}/${state.name}`));
  const plainly = out === undefined && !drains;
  if (plainly && known !== undefined && known.section === section && known.states === states) return known.observed;
  const lines = section?.servers ?? noLines;
  const observed = { ...withFacts(resource, out), ...backendState(resource, backend, lines, states, input.draining) };
  if (plainly) parts.set(resource, { own, backend, head, section, states, observed });
  return observed;
}

const noStates: readonly ServerState[] = [];
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
