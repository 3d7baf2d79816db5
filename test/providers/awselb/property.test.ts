import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Backend, ExportedService, Front, Json, Node, Target } from '../../../src/model/index.ts';
import { exact, http, prefix, route, service, target } from '../../front/make-service.ts';
import { Random } from '../../property/random.ts';
import { converge, summary } from './converge.ts';
import { environment } from './desire.ts';

/** Pairs of worlds, each changed into the other, with a crash somewhere on the way. WEIR_PAIRS makes more of them. */
const pairs = Number(process.env.WEIR_PAIRS ?? 60);

const nodes: readonly Node[] = [1, 2, 3].map((n) => ({
  name: `n${n}`,
  addresses: [],
  labels: {},
  ready: true,
  instanceId: `i-${n}`,
}));
const Certificates = ['a', 'b', 'c'].map((name) => ({
  CertificateArn: `arn:aws:acm:eu-west-1:1:certificate/${name}`,
  DomainName: `${name}.test`,
}));
const NetworkInterfaces = [1, 2, 3, 4].map((n) => ({
  PrivateIpAddresses: [`10.0.0.${n}`],
  SecurityGroups: ['sg-pods'],
}));
const wish = { nodes, environment: { ...environment, Certificates, NetworkInterfaces } };

class World {
  readonly #random: Random;
  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  services(): readonly ExportedService[] {
    const found: ExportedService[] = [];
    for (const name of ['a', 'b', 'c']) if (this.#random.chance(0.8)) found.push(this.#network(name));
    for (const name of ['a', 'b', 'c']) if (this.#random.chance(0.8)) found.push(this.#application(name));
    return found;
  }

  crash(): number {
    return this.#random.below(30);
  }

  #targets(): readonly Target[] {
    return [1, 2, 3, 4]
      .filter(() => this.#random.chance(0.6))
      .map((n) => target(`10.0.0.${n}`, 8080, this.#random.chance(0.1) ? { state: 'gone' } : {}));
  }

  #backend(protocol: Backend['protocol']): Backend {
    const instance = this.#random.chance(0.2);
    return {
      targets: instance ? [] : this.#targets(),
      targetKind: instance ? 'instance' : 'ip',
      ...(instance ? { nodePort: 30_000 + this.#random.below(2) } : {}),
      protocol,
      balance: 'roundrobin',
      ...(this.#random.chance(0.3) ? { health: { type: 'http', path: '/ok' } } : {}),
    };
  }

  #network(name: string): ExportedService {
    const action = { type: 'forward', to: [{ backend: 'web', weight: 1 }] } as const;
    const ports = [80, 81].filter(() => this.#random.chance(0.7));
    const fronts = (ports.length === 0 ? [82] : ports).map((port): Front => {
      const base = { key: `p${port}`, port, routes: [], default: action };
      return { ...base, protocol: 'tcp', ...(this.#random.chance(0.3) ? { sourceRanges: ['10.0.0.0/8'] } : {}) };
    });
    const settings: Record<string, Json> = { scheme: this.#random.pick(['internal', 'internet-facing']) };
    if (this.#random.chance(0.1)) settings.subnets = ['subnet-none'];
    if (this.#random.chance(0.3)) settings.tags = { team: this.#random.pick(['x', 'y']) };
    return service(`net/${name}`, fronts, { backends: { web: this.#backend('tcp') }, settings: { awselb: settings } });
  }

  #application(name: string): ExportedService {
    const host = `${name}.test`;
    const paths = ['/x', '/y', '/z'].filter(() => this.#random.chance(0.6));
    const shares = this.#random.chance(0.3)
      ? [
          { backend: 'web', weight: 80 },
          { backend: 'next', weight: 20 },
        ]
      : [{ backend: 'web', weight: 1 }];
    const routes = [
      ...paths.map((path, order) =>
        route([host], this.#random.chance(0.5) ? exact(path) : prefix(path), {
          order,
          action: { type: 'forward', to: shares },
        }),
      ),
      route([host], prefix('/'), { order: 9 }),
    ];
    const settings: Record<string, Json> = { ruleOrder: 'declared' };
    if (this.#random.chance(0.1)) settings.attributes = { 'routing.http2.enabled': 'perhaps' };
    const tls: Front = { key: 'https', port: 443, protocol: 'https', tls: { mode: 'terminate', certs: [] }, routes };
    const fronts = this.#random.chance(0.5) ? [http(routes)] : [http(routes), tls];
    const protocol = this.#random.pick<Backend['protocol']>(['http', 'http', 'https']);
    const order = this.#random.below(3);
    return service(`app/${name}`, fronts, {
      backends: { web: this.#backend(protocol), next: this.#backend('http') },
      settings: { awselb: settings },
      bundle: { key: 'edge', order },
    });
  }
}

describe('random worlds', () => {
  it(`change into one another without going dark where nothing says so, after crashes too (${pairs} pairs)`, () => {
    let steps = 0;
    let replaced = 0;
    for (let seed = 1; seed <= pairs; seed++) {
      const world = new World(seed);
      const [before, after] = [world.services(), world.services()];
      try {
        const start = () => {
          const { cloud } = converge(before, wish);
          cloud.tick();
          return cloud;
        };
        const whole = converge(after, wish, { cloud: start() });
        const crashed = converge(after, wish, { cloud: start(), crashAfter: world.crash() });
        assert.deepEqual(summary(crashed.cloud.observe()), summary(whole.cloud.observe()));
        const all = whole.plans.flatMap((plan) => plan.steps);
        steps += all.length;
        if (all.some(({ kind, op }) => (kind === 'TargetGroup' || kind === 'LoadBalancer') && op === 'delete'))
          replaced++;
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    assert.ok(steps / pairs >= 12, `${steps / pairs} steps`);
    assert.ok(replaced / pairs >= 0.25, `${replaced} of ${pairs} replace something`);
  });
});
