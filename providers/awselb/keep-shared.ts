/**
 * What the fronts of those who are kept stand on beside wanted ones: who may come in at their ports, certificates that may be theirs, and what
 * a listener answers where no rule holds. Pure.
 */
import type { ExportedService, Member, Observed, Resource } from '../../src/model/index.ts';
import { withCertificatesOf } from './beside-others.ts';
import { type Keeping, keepWith } from './keep.ts';
import type { Present } from './present.ts';

const open = new Set(['0.0.0.0/0', '::/0']);

/** What exists of these services beside what their neighbours want. */
export function keepServices(
  unit: string,
  services: readonly ExportedService[],
  wanted: readonly Resource[],
  keeping: Keeping,
): readonly Resource[] {
  const { present } = keeping;
  const theirs = new Set(services.map(({ id }) => id));
  const answers = wanted.flatMap((listener) => answeringFor(listener, theirs, present) ?? []);
  const before = new Map(wanted.map((one) => [keyOf(one), one]));
  const all = keepWith(unit, ({ serves }) => serves.some((service) => theirs.has(service)), wanted, answers, keeping);
  const kept = all.filter((one) => !before.has(keyOf(one)));
  const ports = new Set(kept.flatMap(({ kind, attrs }) => (kind === 'Listener' ? [Number(attrs.Port)] : [])));
  const shared = new Set(kept.flatMap(({ kind, refs }) => (kind === 'Rule' ? (refs.ListenerArn ?? []) : [])));
  for (const { id } of answers) shared.add(id);
  if (ports.size + shared.size === 0) return all;
  const ranged = portsWithRanges(services);
  const said = new Set(
    wanted.flatMap(({ kind, id, attrs }) =>
      kind === 'Listener' && shared.has(id) && ranged.has(Number(attrs.Port)) ? [Number(attrs.Port)] : [],
    ),
  );
  const guards = present.inUnit(unit).filter(({ kind }) => kind === 'SecurityGroup');
  const grown = all.map((one): Resource => {
    if (one.kind === 'Listener' && shared.has(one.id)) return withCertificates(one, present);
    return one.kind === 'SecurityGroup' ? guarding(one, present, ports, said) : one;
  });
  return withGroups(grown, guards, ports);
}

/** The present listener in the place of a wanted one that answers for nobody, where it answers for one of them. */
function answeringFor(wanted: Resource, theirs: ReadonlySet<string>, present: Present): Observed | undefined {
  if (wanted.kind !== 'Listener' || wanted.serves.length > 0) return undefined;
  const [now, ...more] = present.of('Listener', wanted.id);
  return more.length === 0 && now?.serves.some((service) => theirs.has(service)) === true ? now : undefined;
}

function withCertificates(wanted: Resource, present: Present): Resource {
  const [now, ...more] = present.of('Listener', wanted.id);
  return now === undefined || more.length > 0 ? wanted : withCertificatesOf(now, wanted);
}

/** Ports at which one of them says who may come in. */
export function portsWithRanges(services: readonly ExportedService[]): ReadonlySet<number> {
  return new Set(
    services.flatMap(({ fronts }) => fronts.flatMap((one) => (one.sourceRanges === undefined ? [] : one.port))),
  );
}

/** With the ranges that their ports have; a port of all where one of them said who may come in is not opened to everybody meanwhile. */
function guarding(wanted: Resource, present: Present, ports: ReadonlySet<number>, said: ReadonlySet<number>): Resource {
  const [now] = present.of('SecurityGroup', wanted.id);
  const there = now?.sets.IpPermissions ?? new Map<string, Member>();
  const closed = new Set([...said].filter((port) => ![...there].some(([, rule]) => isAt(rule, port) && isOpen(rule))));
  const opens = (rule: Member) => isOpen(rule) && [...closed].some((port) => isAt(rule, port));
  const stays = (rule: Member) => [...ports, ...closed].some((port) => isAt(rule, port));
  const IpPermissions = new Map([
    ...[...there].filter(([, rule]) => stays(rule)),
    ...[...(wanted.sets.IpPermissions ?? [])].filter(([, rule]) => !opens(rule)),
  ]);
  return { ...wanted, sets: { ...wanted.sets, IpPermissions } };
}

function isAt({ attrs }: Member, port: number): boolean {
  return Number(attrs.FromPort) <= port && port <= Number(attrs.ToPort);
}

function isOpen({ attrs }: Member): boolean {
  return open.has(String(attrs.CidrIp ?? attrs.CidrIpv6));
}

/** Groups that nobody wants any more, for the ranges of their ports. */
function withGroups(
  resources: readonly Resource[],
  guards: readonly Observed[],
  ports: ReadonlySet<number>,
): readonly Resource[] {
  const wanted = new Set(resources.map(keyOf));
  const groups = guards.flatMap((guard): readonly Resource[] => {
    const { kind, id, unit, serves, attrs, refs, sets } = guard;
    const rules = [...(sets.IpPermissions ?? [])].filter(([, rule]) => [...ports].some((port) => isAt(rule, port)));
    if (wanted.has(keyOf(guard)) || rules.length === 0) return [];
    return [{ kind, id, unit, serves, attrs, refs, sets: { ...sets, IpPermissions: new Map(rules) } }];
  });
  if (groups.length === 0) return resources;
  const more = groups.map(({ id }): readonly [string, Member] => [id, { attrs: {} }]);
  return [
    ...groups,
    ...resources.map((one) => {
      const managed = one.sets.ManagedSecurityGroups;
      if (one.kind !== 'LoadBalancer' || managed === undefined) return one;
      return { ...one, sets: { ...one.sets, ManagedSecurityGroups: new Map([...managed, ...more]) } };
    }),
  ];
}

function keyOf({ kind, id }: Pick<Resource, 'kind' | 'id'>): string {
  return `${kind} ${id}`;
}
