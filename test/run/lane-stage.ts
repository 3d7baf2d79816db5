import type {
  AppliedPlan,
  Handle,
  Health,
  Observed,
  Resource,
  Session,
  Sliced,
  StepResult,
} from '../../src/model/index.ts';
import {
  Claims,
  createLimiter,
  Lane,
  type LaneOptions,
  noMetrics,
  ownGate,
  type Want,
  type Wanted,
} from '../../src/run/index.ts';
import { object } from './steps.ts';
import { tinyPlanner } from './tiny-planner.ts';
import { VirtualClock } from './virtual-clock.ts';

export function resource(id: string, rest: Partial<Resource> = {}): Resource {
  return { kind: 'Thing', id, unit: id, serves: [id], attrs: {}, refs: {}, sets: {}, ...rest };
}

/** A real system of single objects: what a lane writes to in its tests. */
export class World {
  readonly objects = new Map<Handle, Observed>();
  readonly calls: string[] = [];
  /** Before the effect of a call; may throw or wait. */
  before: (call: string) => Promise<void> | void = () => {};
  changed: (unit: string, cause: string) => void = () => {};
  closed: string | undefined;

  session(): Session {
    const call = async (text: string) => {
      this.calls.push(text);
      await this.before(text);
    };
    return {
      discover: async () => ({}),
      observe: async (scope) => {
        await call(`observe ${scope === 'all' ? scope : scope.join()}`);
        return [...this.objects.values()].filter(({ unit }) => scope === 'all' || scope.includes(unit));
      },
      apply: async (s) => {
        await call(`${s.op} ${s.id}`);
        const handle = s.op === 'create' ? `h-${s.id}` : String(s.handle);
        if (s.op === 'delete') this.objects.delete(handle);
        else {
          const { kind, id, unit, serves, attrs = {} } = s;
          this.objects.set(handle, { ...(this.objects.get(handle) ?? object(handle)), kind, id, unit, serves, attrs });
        }
        return s.op === 'create' ? handle : undefined;
      },
      report: () => [],
      close: async (how) => {
        this.closed = how;
      },
    };
  }

  /** Health of the member that gates look at. */
  setHealth(id: string, key: string, health: Health): void {
    const known = this.objects.get(`h-${id}`);
    if (known === undefined) throw new Error(`no object ${id}`);
    const set = new Map([[key, { attrs: {} }]]);
    this.objects.set(`h-${id}`, { ...known, sets: { t: set }, health: { t: new Map([[key, health]]) } });
  }

  writes(): readonly string[] {
    return this.calls.filter((call) => !call.startsWith('observe'));
  }
}

export const tinyProvider: LaneOptions['provider'] = {
  name: 'tiny',
  kinds: [{ kind: 'Thing', claim: 'tag', immutable: [], refs: {}, sets: { t: { batch: 9, serving: true } } }],
  capabilities: {
    scope: 'shared',
    sharing: 'bundle',
    protocols: ['tcp'],
    pathTypes: [],
    balances: [],
    affinities: [],
    ipv6: true,
    weights: true,
    writes: 'apply',
    foreign: true,
    health: true,
  },
};

/** A lane over a world, on a clock of its own; `want` tells it what shall be. */
export function laneStage(options: Partial<LaneOptions> = {}) {
  const clock = new VirtualClock();
  const world = new World();
  const steps: StepResult[] = [];
  const applied: AppliedPlan[] = [];
  let resources: readonly Resource[] = [];
  const lane = new Lane({
    name: 'b',
    provider: tinyProvider,
    planner: tinyPlanner,
    open: async (changed) => {
      world.changed = changed;
      return world.session();
    },
    *desire(): Sliced<Want> {
      yield;
      return { resources, problems: [], withheld: new Set() };
    },
    policy: () => 'sync',
    gateDeadlineMs: 60_000,
    auditMs: 600_000,
    clock,
    random: () => 0.999,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    metrics: noMetrics,
    limiter: createLimiter(clock),
    gate: ownGate(),
    claims: new Claims('/nowhere'),
    events: { planned() {}, step: (result) => steps.push(result), applied: (plan) => applied.push(plan) },
    stateChanged() {},
    ...options,
  });
  const end = new AbortController();
  const want = (wanted: readonly Resource[], rest: Partial<Wanted> = {}) => {
    resources = wanted;
    lane.accept({ services: [], nodes: [], incomplete: () => false, cause: 'test', ...rest });
  };
  const done = lane.run({ signal: end.signal, hard: new AbortController().signal });
  const stop = async () => {
    end.abort();
    await done;
  };
  const state = (unit: string) => lane.units().find((u) => u.unit === unit);
  return { clock, world, lane, steps, applied, want, stop, state };
}
