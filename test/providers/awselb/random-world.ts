import type { Backend, ExportedService, Front, Json, Target } from '../../../src/model/index.ts';
import { exact, http, prefix, route, service, target } from '../../front/make-service.ts';
import { Random } from '../../property/random.ts';

/** Services at random, the same for the same seed: three network load balancers, three that share an application load balancer. */
export class RandomWorld {
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
