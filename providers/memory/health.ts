/** Health as a cloud keeps it: checked only while a front refers to the target group, draining after the last one has turned away. Pure. */
import type { Handle, Health } from '../../src/model/index.ts';
import { specs } from './checks.ts';
import type { Stored } from './stored.ts';

export interface HealthRules {
  readonly healthMs: number;
  readonly drainMs: number;
  readonly sick: ReadonlySet<string>;
}

interface Use {
  readonly any: Set<Handle>;
  readonly serving: Set<Handle>;
}

/** Objects that some front refers to through a set, and those of them that get a share of traffic. */
function useOf(objects: Iterable<Stored>): Use {
  const use: Use = { any: new Set(), serving: new Set() };
  for (const { kind, sets } of objects) {
    for (const [name, set] of Object.entries(sets)) {
      if (specs.get(kind)?.sets[name]?.to === undefined) continue;
      for (const [handle, { attrs }] of set) {
        use.any.add(handle);
        if (attrs.weight !== 0) use.serving.add(handle);
      }
    }
  }
  return use;
}

/** The objects after a write, with what it means for their use put down. */
export function followUse(
  objects: ReadonlyMap<Handle, Stored>,
  before: ReadonlyMap<Handle, Stored>,
  nowMs: number,
): ReadonlyMap<Handle, Stored> {
  const now = useOf(objects.values());
  const was = useOf(before.values());
  const next = new Map(objects);
  for (const object of objects.values()) {
    if (object.kind !== 'TargetGroup') continue;
    const { usedMs, turnedMs, ...rest } = object;
    const { handle } = object;
    const used = now.any.has(handle) ? { usedMs: usedMs ?? nowMs } : {};
    const turned = now.serving.has(handle) ? undefined : was.serving.has(handle) ? nowMs : turnedMs;
    const fresh = { ...rest, ...used, ...(turned === undefined ? {} : { turnedMs: turned }) };
    if (fresh.usedMs !== usedMs || turned !== turnedMs) next.set(handle, fresh);
  }
  return next;
}

/** Health of every target of a target group at a time. */
export function healthAt(group: Stored, nowMs: number, rules: HealthRules): ReadonlyMap<string, Health> {
  const health = new Map<string, Health>();
  for (const [key, { addedMs }] of group.sets.targets ?? []) {
    health.set(key, healthOf(key, addedMs, group, nowMs, rules));
  }
  return health;
}

function healthOf(key: string, addedMs: number, group: Stored, nowMs: number, rules: HealthRules): Health {
  if (group.turnedMs !== undefined && nowMs < group.turnedMs + rules.drainMs) return 'draining';
  if (group.usedMs === undefined) return 'initial';
  if (rules.sick.has(key)) return 'unhealthy';
  return nowMs >= Math.max(addedMs, group.usedMs) + rules.healthMs ? 'ready' : 'initial';
}
