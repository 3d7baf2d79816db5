/**
 * A load balancer of a group that serves already, and members of it that cannot be heard now: of nobody here, in a source that cannot be read,
 * or refused. What nobody says, they may say otherwise: only what those who are read say themselves makes more of it. Pure.
 */
import type { Attrs, ExportedService, Member, MemberSet, Observed, Resource } from '../../src/model/index.ts';
import { grownBalancer } from './beside-others.ts';
import type { Build } from './build.ts';
import { portsWithRanges } from './keep-shared.ts';
import { memberTag } from './names.ts';
import type { Present } from './present.ts';

/** Who is not heard. */
export interface Unheard {
  /** Those whose wishes are known. */
  readonly read: readonly ExportedService[];
  readonly settings: Build['settings'];
  /** Whom the rest waits for, until they are heard; undefined: nobody here ever hears them. */
  readonly waits: string | undefined;
  /** Ports at which they say who may come in; undefined: maybe any, or they have security groups of their own. */
  readonly ports: ReadonlySet<number> | undefined;
}

/** Ports that those who are refused guard. */
export function guardedBy(lost: readonly ExportedService[], settings: Build['settings']): Unheard['ports'] {
  if (lost.some((one) => settings(one).securityGroups !== undefined)) return undefined;
  return portsWithRanges(lost);
}

/** Nothing that nobody says is added: it waits, or is left out. */
export function besideUnheard(resources: readonly Resource[], present: Present, unheard: Unheard): readonly Resource[] {
  const balancer = resources.find(({ kind }) => kind === 'LoadBalancer');
  const standing = balancer === undefined ? [] : present.of('LoadBalancer', balancer.id);
  if (balancer === undefined || standing.length === 0) return resources;
  const attached = new Set(standing.flatMap(({ sets }) => [...(sets.ManagedSecurityGroups?.keys() ?? [])]));
  const hold = new Hold(unheard, present, attached);
  const held = resources.flatMap((one): readonly Resource[] => {
    if (one.kind === 'SecurityGroup') return hold.guard(one);
    return [one.kind === 'Listener' ? hold.listener(one) : one];
  });
  const left = new Set(held.flatMap(({ kind, id }) => (kind === 'SecurityGroup' ? [id] : [])));
  return [
    ...held.map((one) => (one.kind === 'LoadBalancer' ? hold.balancer(one, standing, left) : one)),
    ...hold.attachedBeside(left, standing),
  ];
}

class Hold {
  readonly #unheard: Unheard;
  readonly #present: Present;
  /** Handles of the groups that weir made and that the load balancer has. */
  readonly #attached: ReadonlySet<string>;

  constructor(unheard: Unheard, present: Present, attached: ReadonlySet<string>) {
    this.#unheard = unheard;
    this.#present = present;
    this.#attached = attached;
  }

  /** A front-end group: none is made beside what the load balancer has, and an open range that nobody asks for is not let in. */
  guard(wanted: Resource): readonly Resource[] {
    const [now] = this.#present.of('SecurityGroup', wanted.id);
    const { waits, ports } = this.#unheard;
    const there = now?.sets.IpPermissions ?? new Map<string, Member>();
    const asked = [...(wanted.sets.IpPermissions ?? [])];
    const implied = new Map(asked.filter(([key, rule]) => !there.has(key) && this.#isImplied(rule)));
    if (now === undefined && this.#attached.size === 0 && ports === undefined)
      return waits === undefined ? [] : [{ ...wanted, waits }];
    const kept = new Map(asked.filter(([key]) => !implied.has(key)));
    // Who came in at such a port goes on doing so.
    for (const [key, rule] of there) if ([...implied.values()].some((one) => samePorts(one, rule))) kept.set(key, rule);
    if (now === undefined && kept.size === 0) return waits === undefined ? [] : [{ ...wanted, waits }];
    if (now !== undefined && waits !== undefined) for (const [key, rule] of implied) kept.set(key, { ...rule, waits });
    return [{ ...wanted, sets: { ...wanted.sets, IpPermissions: kept } }];
  }

  /** Everybody may come in, and no member that is read says so. */
  #isImplied({ attrs: { CidrIp, CidrIpv6, IpProtocol, FromPort } }: Member): boolean {
    const range = String(CidrIp ?? CidrIpv6);
    if (range !== '0.0.0.0/0' && range !== '::/0') return false;
    const { read, ports } = this.#unheard;
    const isIcmp = String(IpProtocol).startsWith('icmp');
    if (!isIcmp && ports?.has(Number(FromPort)) === false) return false;
    const fronts = read.flatMap((service) => service.fronts);
    return !fronts.some(({ port, sourceRanges }) =>
      isIcmp ? sourceRanges?.includes(range) === true : port === FromPort && sourceRanges !== undefined,
    );
  }

  /** What the load balancer has and nobody asks for any more stays with it. */
  attachedBeside(left: ReadonlySet<string>, standing: readonly Observed[]): readonly Resource[] {
    return this.#guardsOf(standing)
      .filter(({ id }) => !left.has(id))
      .map(({ kind, id, unit, serves, attrs, refs, sets }) => ({ kind, id, unit, serves, attrs, refs, sets }));
  }

  balancer(wanted: Resource, standing: readonly Observed[], left: ReadonlySet<string>): Resource {
    const [now] = standing;
    const asked = [...(wanted.sets.ManagedSecurityGroups ?? [])].filter(([id]) => left.has(id));
    const there = this.#guardsOf(standing).map(({ id }): [string, Member] => [id, { attrs: {} }]);
    const { ManagedSecurityGroups: _, ...sets } = wanted.sets;
    const groups = new Map([...there, ...asked]);
    const held = { ...wanted, sets: groups.size === 0 ? sets : { ...sets, ManagedSecurityGroups: groups } };
    return now === undefined ? held : grownBalancer(held, now);
  }

  #guardsOf(standing: readonly Observed[]): readonly Observed[] {
    const handles = standing.flatMap(({ sets }) => [...(sets.ManagedSecurityGroups?.keys() ?? [])]);
    return [...new Set(handles)].flatMap((handle) => {
      const guard = this.#present.at('SecurityGroup', handle);
      return guard?.owned === true ? [guard] : [];
    });
  }

  /** How it speaks TLS and answers where no rule holds stays where nobody says otherwise, and so does who is said to have it. */
  listener(wanted: Resource): Resource {
    const [now, ...more] = this.#present.of('Listener', wanted.id);
    if (now === undefined || more.length > 0) return wanted;
    const { Certificates, Tags } = wanted.sets;
    const [first] = [...(now.sets.Certificates ?? [])].find(([, { attrs }]) => attrs.IsDefault === true) ?? [];
    const said = now.sets.Tags?.get(memberTag);
    const theirs = said !== undefined && !this.#reads(String(said.attrs.Value));
    return {
      ...wanted,
      attrs: { ...wanted.attrs, ...this.#unsaid(wanted, now) },
      sets: {
        ...wanted.sets,
        ...(Certificates === undefined || first === undefined
          ? {}
          : { Certificates: this.#withDefault(Certificates, first) }),
        ...(this.#unheard.waits !== undefined && theirs ? { Tags: new Map([...(Tags ?? []), [memberTag, said]]) } : {}),
      },
    };
  }

  #unsaid(wanted: Resource, { attrs, refs, sets }: Observed): Attrs {
    const { read, settings } = this.#unheard;
    const all = read.map(settings);
    const named = `${String(wanted.attrs.Protocol)}-${String(wanted.attrs.Port)}`;
    const said: Readonly<Record<string, boolean>> = {
      SslPolicy: all.some(({ sslPolicy }) => sslPolicy !== undefined),
      AlpnPolicy: all.some(({ alpnPolicy }) => alpnPolicy !== undefined),
      MutualAuthentication: all.some(({ listeners }) => listeners?.[named]?.mutualAuthentication !== undefined),
      DefaultActions:
        wanted.serves.length > 0 || refs.TargetGroupArn !== undefined || (sets.TargetGroups?.size ?? 0) > 0,
    };
    const same = attrs.Protocol === wanted.attrs.Protocol;
    return Object.fromEntries(
      Object.entries(said).flatMap(([name, is]) =>
        is || !same || attrs[name] === undefined ? [] : [[name, attrs[name]]],
      ),
    );
  }

  #withDefault(certificates: MemberSet, first: string): MemberSet {
    const kept: MemberSet = new Map([[first, { attrs: {} }], ...certificates]);
    return new Map([...kept].map(([arn, { attrs }]) => [arn, { attrs: { ...attrs, IsDefault: arn === first } }]));
  }

  #reads(member: string): boolean {
    return this.#unheard.read.some(({ origin: { namespace, name } }) => `${namespace}/${name}` === member);
  }
}

function samePorts({ attrs: one }: Member, { attrs: other }: Member): boolean {
  return one.IpProtocol === other.IpProtocol && one.FromPort === other.FromPort && one.ToPort === other.ToPort;
}
