import type { Handle, Member } from '../../src/model/index.ts';
import { type CloudState, render } from './cloud-state.ts';
import type { Foreign, Pair } from './generate.ts';
import { cloudKinds } from './kinds.ts';
import { Random } from './random.ts';
import { type Thing, World } from './world.ts';

/** The cloud as `pair.before` has left it, with what is not ours. Nothing of the planner is asked. */
export function buildWorld(pair: Pair): World {
  const { unusedHealth, tellsDraining } = pair;
  // What is told to be gone is.
  const sick = [...pair.sick, ...pair.after.services.flatMap(({ gone }) => gone)];
  const world = new World({
    kinds: cloudKinds(
      unusedHealth,
      pair.foreign.some(({ what }) => what === 'rule'),
    ),
    sick,
    unusedHealth,
    tellsDraining,
  });
  putState(world, pair.before, new Random(pair.seed + 99));
  for (const one of pair.foreign) putForeign(world, one);
  world.settle();
  world.tick();
  return world;
}

/** Puts a state into an empty world as somebody had left it there. */
export function putState(world: World, state: CloudState, random: Random): void {
  const handles = new Map<string, Handle>();
  const handleOf = (kind: string, id: string): Handle => handles.get(`${kind} ${id}`) ?? '';
  let priority = 0;
  const resources = render(state);
  for (const kind of ['Balancer', 'TargetGroup', 'PlainListener', 'Listener', 'Rule']) {
    const spec = world.specs.get(kind);
    for (const { id, unit, serves, attrs, refs, sets } of resources.filter((one) => one.kind === kind)) {
      const own = Object.entries(refs).map(([name, to]) => [name, handleOf(spec?.refs[name]?.to ?? '', to)]);
      const members = Object.entries(sets).map(([name, set]): [string, Map<string, Member>] => {
        const to = spec?.sets[name]?.to;
        const present = [...set].filter(([, member]) => member.gone !== true);
        return [name, new Map(present.map(([key, m]) => [to === undefined ? key : handleOf(to, key), m]))];
      });
      priority += 1 + random.below(3);
      const whole = kind === 'Rule' ? { ...attrs, priority } : { ...attrs };
      const tags = kind === 'TargetGroup' ? serves : [];
      const thing: Omit<Thing, 'handle' | 'draining'> = {
        kind,
        id,
        unit,
        attrs: whole,
        refs: Object.fromEntries(own),
        sets: new Map(members),
        foreign: false,
        tags,
      };
      handles.set(`${kind} ${id}`, world.put(thing, `${kind}.${id}`).handle);
    }
  }
}

function putForeign(world: World, one: Foreign): void {
  const find = (kind: string, id: string | undefined) =>
    id === undefined ? undefined : [...world.things.values()].find((thing) => thing.kind === kind && thing.id === id);
  const put = (kind: string, id: string, attrs: Thing['attrs'], refs: Thing['refs'], group?: Handle): void => {
    const forward = new Map<string, Member>(group === undefined ? [] : [[group, { attrs: { weight: 1 } }]]);
    const sets = new Map(
      kind === 'TargetGroup' ? [['targets', new Map<string, Member>()] as const] : [['forward', forward] as const],
    );
    world.put({ kind, id, unit: unitOf(one), attrs, refs, sets, foreign: true, tags: [] }, kind);
  };
  if (one.what === 'group') put('TargetGroup', `theirs-${one.name}`, { protocol: 'http', name: one.name }, {});
  else if (one.what === 'listener') {
    const balancer = find('Balancer', one.balancer)?.handle;
    const group = find('TargetGroup', one.uses);
    const { port } = one;
    if (balancer === undefined) return;
    put('Listener', `theirs-${port}`, { port }, { balancer }, group?.unit === one.balancer ? group.handle : undefined);
  } else {
    const listener = find('Listener', one.listener);
    const group = find('TargetGroup', one.uses);
    const { priority } = one;
    const taken = [...world.things.values()].some(
      ({ kind, refs, attrs }) => kind === 'Rule' && refs.listener === listener?.handle && attrs.priority === priority,
    );
    if (listener === undefined || taken) return;
    const handle = group?.unit === listener.unit ? group.handle : undefined;
    put('Rule', `theirs-${priority}`, { host: 'theirs', priority }, { listener: listener.handle }, handle);
  }
}

function unitOf(one: Foreign): string {
  if (one.what === 'listener') return one.balancer;
  if (one.what === 'rule') return one.listener.split(':')[0] ?? one.listener;
  return `theirs-${one.name}`;
}
