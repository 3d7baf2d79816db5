import { Random } from '../../../property/random.ts';
import { ingress, type Manifest, networkService, webService } from '../manifests.ts';

/** A Service with a network load balancer of its own. */
export interface Network {
  readonly kind: 'network';
  readonly name: string;
  readonly ports: readonly number[];
  readonly endpoints: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** An Ingress in a group, with the Services behind it. */
export interface Web {
  readonly kind: 'web';
  readonly name: string;
  readonly group: string;
  readonly order: number;
  /** Path → which of its Services. */
  readonly paths: Readonly<Record<string, 'a' | 'b'>>;
  readonly endpoints: Readonly<Record<'a' | 'b', readonly string[]>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export type Member = Network | Web;

const namespace = 'chaos';
const names = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'] as const;
const webs = ['w0', 'w1', 'w2', 'w3', 'w4'] as const;
const groups = ['east', 'west'] as const;
const paths = ['/', '/x', '/y', '/z'] as const;
const ports = [80, 443, 5432, 8443] as const;
/** One /24 in each private subnet, away from the addresses that load balancers take. */
const nets = ['10.0.135', '10.0.151', '10.0.167'] as const;

export const serviceId = ({ kind, name }: Member): string =>
  kind === 'network' ? `${namespace}/${name}` : `ingress/${namespace}/${name}`;
export const hostOf = ({ name }: Web): string => `${name}.test`;
/** Value of the stack tag. */
export const stackOf = (member: Member): string =>
  member.kind === 'network' ? `${namespace}/${member.name}` : member.group;
/** What the resource tag of its target groups begins with, of one Service of an Ingress or of all. */
export const resourceOf = ({ kind, name }: Member, of?: 'a' | 'b'): string =>
  kind === 'network' ? `${namespace}/${name}:` : `${namespace}/${name}-${name}-${of === undefined ? '' : `${of}:`}`;

/** What a change was, and whom it may interrupt when a plan says so. */
export interface Change {
  readonly what: string;
  /** Members whose target group or load balancer has to be another one. */
  readonly replaced: readonly string[];
}

/** Everything that is wanted, and its random changes. */
export class Population {
  readonly random: Random;
  readonly members = new Map<string, Member>();
  readonly schemes: Record<string, string> = {};
  #next = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    for (const group of groups) this.schemes[group] = 'internal';
    for (const name of names) this.#put(this.#network(name));
    for (const name of webs) this.#put(this.#web(name));
  }

  manifests(member: Member): readonly Manifest[] {
    const { name, annotations } = member;
    if (member.kind === 'network')
      return networkService({ namespace, name, ports: member.ports, endpoints: member.endpoints.map(at), annotations });
    const services = (['a', 'b'] as const).map((key) => ({ key, endpoints: member.endpoints[key].map(at) }));
    return [
      ...services.flatMap(({ key, endpoints }) => webService({ namespace, name: `${name}-${key}`, endpoints })),
      ingress({
        namespace,
        name,
        paths: Object.entries(member.paths).map(([path, key]) => ({
          host: hostOf(member),
          path,
          service: `${name}-${key}`,
        })),
        annotations: {
          'group.name': member.group,
          'group.order': String(member.order),
          scheme: this.schemes[member.group] ?? 'internal',
          ...annotations,
        },
      }),
    ];
  }

  /** One random change. */
  change(): Change {
    const member = this.random.pick([...this.members.values()]);
    const roll = this.random.next();
    if (roll < 0.08) return this.#toggle();
    if (roll < 0.5) return this.#endpoints(member);
    if (roll < 0.6 && member.kind === 'network') {
      this.#put({ ...member, ports: this.#ports() });
      return { what: 'ports', replaced: [] };
    }
    if (roll < 0.72 && member.kind === 'web') {
      this.#put({ ...member, paths: this.#paths() });
      return { what: 'paths', replaced: [] };
    }
    if (roll < 0.8 && member.kind === 'web') {
      this.#put({ ...member, order: this.random.below(9) });
      return { what: 'order', replaced: [] };
    }
    if (roll < 0.84) return this.#scheme(member);
    if (roll < 0.9) return this.#replace(member);
    if (roll < 0.93 && member.kind === 'web') {
      const group = member.group === 'east' ? 'west' : 'east';
      this.#put({ ...member, group });
      return { what: 'group', replaced: [serviceId(member)] };
    }
    return this.#settings(member);
  }

  /** A service comes or goes. */
  #toggle(): Change {
    const name = this.random.pick([...names, ...webs]);
    if (this.members.delete(name)) return { what: 'remove', replaced: [] };
    this.#put(name.startsWith('n') ? this.#network(name) : this.#web(name));
    return { what: 'add', replaced: [] };
  }

  #endpoints(member: Member): Change {
    const change = (list: readonly string[]): readonly string[] => {
      const roll = this.random.next();
      if (roll < 0.6) return [...list.slice(1), this.#address()];
      if (roll < 0.75) return list.map(() => this.#address());
      if (roll < 0.9 || list.length < 2) return [...list, this.#address(), this.#address()].slice(-5);
      return list.slice(1);
    };
    if (member.kind === 'network') this.#put({ ...member, endpoints: change(member.endpoints) });
    else {
      const key = this.random.pick(['a', 'b'] as const);
      this.#put({ ...member, endpoints: { ...member.endpoints, [key]: change(member.endpoints[key]) } });
    }
    return { what: 'endpoints', replaced: [] };
  }

  #scheme(member: Member): Change {
    const other = (scheme: string | undefined) => (scheme === 'internet-facing' ? 'internal' : 'internet-facing');
    if (member.kind === 'network') {
      const scheme = other(member.annotations.scheme);
      this.#put({ ...member, annotations: { ...member.annotations, scheme } });
      return { what: 'scheme', replaced: [serviceId(member)] };
    }
    this.schemes[member.group] = other(this.schemes[member.group]);
    const same = [...this.members.values()].filter((one) => one.kind === 'web' && one.group === member.group);
    return { what: 'scheme', replaced: same.map(serviceId) };
  }

  /** Something of a target group that cannot be changed in place. */
  #replace(member: Member): Change {
    const key = member.kind === 'network' ? 'healthcheck-protocol' : 'backend-protocol';
    const value = member.kind === 'network' ? 'HTTP' : 'HTTPS';
    const { [key]: before, ...rest } = member.annotations;
    const annotations = before === undefined ? { ...rest, [key]: value } : rest;
    this.#put({ ...member, annotations });
    return { what: key, replaced: [serviceId(member)] };
  }

  #settings(member: Member): Change {
    const delay = `deregistration_delay.timeout_seconds=${this.random.pick([0, 15, 60, 300])}`;
    const more: Record<string, string> = { 'target-group-attributes': delay };
    if (member.kind === 'network') {
      more.attributes = `load_balancing.cross_zone.enabled=${this.random.chance(0.5)}`;
      more['additional-resource-tags'] = `team=${this.random.pick(['red', 'blue'])}`;
    } else more['healthcheck-path'] = this.random.pick(['/', '/ready']);
    this.#put({ ...member, annotations: { ...member.annotations, ...more } });
    return { what: 'settings', replaced: [] };
  }

  #put(member: Member): void {
    this.members.set(member.name, member);
  }

  #network(name: string): Network {
    const endpoints = [this.#address(), this.#address()];
    return { kind: 'network', name, ports: this.#ports(), endpoints, annotations: {} };
  }

  #web(name: string): Web {
    const [a, b] = [
      [this.#address(), this.#address()],
      [this.#address(), this.#address()],
    ];
    const group = this.random.pick(groups);
    return {
      kind: 'web',
      name,
      group,
      order: this.random.below(9),
      paths: this.#paths(),
      endpoints: { a, b },
      annotations: {},
    };
  }

  #ports(): readonly number[] {
    return this.random.sample(ports, 1 + this.random.below(2)).sort((a, b) => a - b);
  }

  #paths(): Web['paths'] {
    const some = this.random.sample(paths, 1 + this.random.below(3));
    return Object.fromEntries(some.sort().map((path) => [path, this.random.pick(['a', 'b'] as const)]));
  }

  /** Never the same one twice in a while. */
  #address(): string {
    const number = this.#next++;
    return `${nets[number % nets.length]}.${(Math.floor(number / nets.length) % 250) + 1}`;
  }
}

const at = (address: string) => ({ address });
