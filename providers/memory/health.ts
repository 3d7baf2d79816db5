/** Health as a cloud keeps it: checked only while a front refers to the target group, draining after the last one has turned away. Pure. */
import type { Handle, Health } from '../../src/model/index.ts';
import { specs } from './checks.ts';
import type { Stored } from './stored.ts';

export interface HealthRules {
  readonly healthMs: number;
  readonly drainMs: number;
  readonly sick: ReadonlySet<string>;
}

/** Fronts that refer to the object through a serving set, with their share. */
function users(handle: Handle, objects: Iterable<Stored>): { readonly any: boolean; readonly serving: boolean } {
  let any = false;
  let serving = false;
  for (const object of objects) {
    const spec = specs.get(object.kind);
    for (const [name, set] of Object.entries(object.sets)) {
      const member = spec?.sets[name]?.to === undefined ? undefined : set.get(handle);
      if (member === undefined) continue;
      any = true;
      serving ||= member.attrs.weight !== 0;
    }
  }
  return { any, serving };
}

/** The objects after a write, with what it means for their use put down. */
export function followUse(
  objects: ReadonlyMap<Handle, Stored>,
  before: ReadonlyMap<Handle, Stored>,
  nowMs: number,
): ReadonlyMap<Handle, Stored> {
  const next = new Map(objects);
  for (const object of objects.values()) {
    if (object.kind !== 'TargetGroup') continue;
    const now = users(object.handle, objects.values());
    const was = users(object.handle, before.values());
    const { usedMs, turnedMs, ...rest } = object;
    const used = now.any ? { usedMs: usedMs ?? nowMs } : {};
    const turned = now.serving ? undefined : was.serving ? nowMs : turnedMs;
    const fresh = { ...rest, ...used, ...(turned === undefined ? {} : { turnedMs: turned }) };
    if (fresh.usedMs !== usedMs || turned !== turnedMs) next.set(object.handle, fresh);
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
