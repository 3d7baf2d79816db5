/** One backend in use: its targets, who is next, and what their health is. Lives on over changes, so that counters and connections do. */
import type { AgentOptions as TlsOptions } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { Context } from '../../src/model/index.ts';
import { byHash, leastConnections, RoundRobin } from './balance.ts';
import type { BackendSettings } from './table.ts';
import { LiveTarget } from './target.ts';

/** Who asks, for the balances that look at it. */
export interface Asker {
  readonly client: string;
  readonly uri: string;
}

export class LiveBackend {
  settings: BackendSettings;
  tls: TlsOptions | undefined;
  readonly targets = new Map<string, LiveTarget>();
  readonly #left = new Set<LiveTarget>();
  readonly #rotation = new RoundRobin();
  readonly #ctx: Context;
  readonly #healthChanged: () => void;
  #turn = 0;

  constructor(settings: BackendSettings, tls: TlsOptions | undefined, ctx: Context, healthChanged: () => void) {
    this.#ctx = ctx;
    this.#healthChanged = healthChanged;
    this.settings = { ...settings, targets: new Map() };
    this.update(settings, tls);
  }

  /** Takes new settings and targets; nothing that runs is touched. */
  update(settings: BackendSettings, tls: TlsOptions | undefined): void {
    const before = this.settings;
    const check = settings.check;
    const sameTls = isDeepStrictEqual(before.tls, settings.tls) && this.tls?.ca === tls?.ca;
    const sameCheck = isDeepStrictEqual(before.check, check) && (this.tls === undefined) === (tls === undefined);
    this.settings = settings;
    this.tls = tls;
    for (const [key, target] of this.targets) {
      if (settings.targets.has(key)) continue;
      this.targets.delete(key);
      this.#leave(target);
    }
    for (const [key, weight] of settings.targets) {
      const known = this.targets.get(key);
      const target = known ?? new LiveTarget(key, weight, tls, this.#ctx);
      this.targets.set(key, target);
      target.weight = weight;
      if (known !== undefined && !sameTls) target.setTls(tls);
      if (known === undefined || !sameCheck) target.watch(check, tls !== undefined, this.#healthChanged);
    }
    this.#rotation.keep(new Set(this.targets.keys()));
  }

  /** The next target that takes new connections and was not tried; those that refused a moment ago last. */
  pick(asker: Asker, tried: ReadonlySet<LiveTarget>): LiveTarget | undefined {
    const { maxConnections = Number.POSITIVE_INFINITY } = this.settings;
    const usable = [...this.targets.values()].filter(
      (target) =>
        target.weight > 0 && target.health !== 'unhealthy' && target.active < maxConnections && !tried.has(target),
    );
    const warm = usable.filter(({ cold }) => !cold);
    return this.#choose(warm.length > 0 ? warm : usable, asker);
  }

  #choose(candidates: readonly LiveTarget[], { client, uri }: Asker): LiveTarget | undefined {
    switch (this.settings.balance) {
      case 'roundrobin':
        return this.#rotation.choose(candidates);
      case 'leastconn':
        return leastConnections(candidates, this.#turn++);
      case 'source':
        return byHash(candidates, client);
      case 'uri':
        return byHash(candidates, uri);
      case 'random':
        return byHash(candidates, String(this.#turn++));
    }
  }

  #leave(target: LiveTarget): void {
    this.#left.add(target);
    void target.leave(this.settings.drainMs).finally(() => this.#left.delete(target));
  }

  /** Connections and requests under way, also to targets that left. */
  get active(): number {
    return [...this.targets.values(), ...this.#left].reduce((sum, target) => sum + target.active, 0);
  }

  /** Nothing points here any more: what runs may finish. */
  leave(): void {
    for (const target of this.targets.values()) this.#leave(target);
    this.targets.clear();
  }

  /** Ends everything that runs. */
  end(): void {
    for (const target of [...this.targets.values(), ...this.#left]) target.end();
  }
}
