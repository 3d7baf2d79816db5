/** The running relay: takes a whole wanted state and moves to it without touching a connection that runs. */
import type { Socket } from 'node:net';
import type { Context, Id, Resource } from '../../src/model/index.ts';
import { LiveBackend } from './backend.ts';
import { LiveListener } from './listener.ts';
import { fetchMaterial, fetchTargetTls } from './material.ts';
import { targetKey } from './names.ts';
import type { Options } from './options.ts';
import { ListenPort, type PortFailure } from './port.ts';
import { type ListenerSettings, readTable } from './table.ts';

interface Place {
  readonly port: ListenPort;
  listener: LiveListener;
}

export class Relay {
  /** What was applied last, as the planner gave it. */
  applied: readonly Resource[] = [];
  readonly backends = new Map<Id, LiveBackend>();
  readonly #listeners = new Map<Id, LiveListener>();
  readonly #leaving = new Set<LiveListener>();
  readonly #gone = new Set<LiveBackend>();
  /** Address and port → who serves it. */
  readonly #places = new Map<string, Place>();
  readonly #failures = new Map<Id, readonly PortFailure[]>();
  readonly #options: Options;
  readonly #ctx: Context;
  readonly #changed: (cause: string) => void;

  constructor(options: Options, ctx: Context, changed: (cause: string) => void) {
    this.#options = options;
    this.#ctx = ctx;
    this.#changed = changed;
  }

  /** Why the listener serves less than it should; undefined: it serves. */
  failure(id: Id): PortFailure | undefined {
    const own = this.#failures.get(id)?.[0];
    if (own !== undefined) return own;
    const listener = this.#listeners.get(id);
    return [...this.#places.values()].find((place) => place.listener === listener && place.port.failure)?.port.failure;
  }

  /** Moves to the wanted state: backends first, then listeners, then ports, so that every request finds what its rule names. */
  async commit(next: readonly Resource[]): Promise<void> {
    const table = readTable(next);
    for (const settings of table.backends) {
      const tls = await fetchTargetTls(settings, this.#ctx);
      const known = this.backends.get(settings.id);
      const healthChanged = () => this.#changed(`health of ${settings.id} changed`);
      if (known === undefined) this.backends.set(settings.id, new LiveBackend(settings, tls, this.#ctx, healthChanged));
      else known.update(settings, tls);
    }
    this.#failures.clear();
    for (const settings of table.listeners) await this.#setListener(settings);
    await this.#movePorts(table.listeners);
    this.#leave(this.#listeners, new Set(table.listeners.map(({ id }) => id)), this.#leaving);
    this.#leave(this.backends, new Set(table.backends.map(({ id }) => id)), this.#gone);
    this.applied = next;
  }

  async #setListener(settings: ListenerSettings): Promise<void> {
    const { material, failure } = await fetchMaterial(settings, this.#ctx);
    if (failure !== undefined) this.#failures.set(settings.id, [failure]);
    const listener =
      this.#listeners.get(settings.id) ??
      new LiveListener(settings, {
        options: this.#options,
        backend: (id) => this.backends.get(id),
        count: (event) => this.#ctx.metric(`weir_builtin_${event}s_total`, 1, {}, 'counter'),
      });
    listener.update(settings, material);
    this.#listeners.set(settings.id, listener);
  }

  /** Opens what is new, hands over what stays, closes what is no longer wanted. */
  async #movePorts(wanted: readonly ListenerSettings[]): Promise<void> {
    const keep = new Set<string>();
    const opening: Promise<void>[] = [];
    for (const { id, addresses, port } of wanted) {
      const listener = this.#listeners.get(id);
      if (listener === undefined) continue;
      for (const address of addresses) {
        const key = targetKey(address, port);
        if (keep.has(key)) {
          const message = `Another service of this balancer has ${key} already: choose another port or address.`;
          this.#failures.set(id, [...(this.#failures.get(id) ?? []), { code: 'E_PORT_CONFLICT', message }]);
          continue;
        }
        keep.add(key);
        const known = this.#places.get(key);
        if (known !== undefined) known.listener = listener;
        else opening.push(this.#open(key, address, port, listener));
      }
    }
    await Promise.all(opening);
    for (const [key, { port }] of this.#places) {
      if (keep.has(key)) continue;
      port.close();
      this.#places.delete(key);
    }
  }

  #open(key: string, address: string, number: number, listener: LiveListener): Promise<void> {
    const port = new ListenPort(address, number, (socket: Socket) => {
      const place = this.#places.get(key);
      if (place === undefined) socket.destroy();
      else place.listener.accept(socket);
    });
    this.#places.set(key, { port, listener });
    return port.open(this.#ctx, this.#options.retryPortMs, () => this.#changed(`port ${key} became free`));
  }

  #leave<T extends { leave(): void; readonly active: number }>(
    all: Map<Id, T>,
    keep: ReadonlySet<Id>,
    leaving: Set<T>,
  ): void {
    for (const one of leaving) if (one.active === 0) leaving.delete(one);
    for (const [id, one] of all) {
      if (keep.has(id)) continue;
      all.delete(id);
      leaving.add(one);
      one.leave();
    }
  }

  /** Stops listening at once; what runs may finish within the grace, then it is ended. */
  async close(): Promise<void> {
    for (const { port } of this.#places.values()) port.close();
    this.#places.clear();
    const listeners = [...this.#listeners.values(), ...this.#leaving];
    for (const listener of listeners) listener.leave();
    const endMs = this.#ctx.clock.now() + this.#options.closeGraceMs;
    while (listeners.some(({ active }) => active > 0) && this.#ctx.clock.now() < endMs) {
      await this.#ctx.clock.sleep(20).catch(() => undefined);
    }
    for (const listener of listeners) listener.end();
    for (const backend of [...this.backends.values(), ...this.#gone]) backend.end();
    this.#listeners.clear();
    this.backends.clear();
    this.applied = [];
  }
}
