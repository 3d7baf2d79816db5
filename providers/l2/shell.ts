import { setTimeout as setTimer } from 'node:timers/promises';
import type { Action, Disk, Event, Report, Transaction, VoteRequest } from './protocol/events.ts';
import type { Message, NodeId, Vip } from './protocol/messages.ts';

/** Decides; pure. `Protocol` is one. */
export interface Core {
  step(event: Event, nowMs: number): readonly Action[];
  /** What was let go has not been heard by all who have to. */
  readonly releasing?: boolean;
}

/** The world of one node, as a core's actions reach it. */
export interface World {
  readonly now: () => number;
  readonly send: (to: NodeId, message: Message) => void;
  /** Applies transactions in the order of the calls; false: nothing of it counts. */
  readonly apply: (inc: number, transaction: Transaction) => Promise<boolean>;
  /** `persisted` is to follow as an event once it is on disk. */
  readonly persist: (disk: Disk) => void;
  readonly announce: (vips: readonly Vip[]) => void;
  /** The answer is to follow as an event. */
  readonly vote: (request: VoteRequest) => void;
  /** Whether anybody on the network answers for the gateway or an address within so many ms. */
  readonly probe: (target: Vip | 'gateway', withinMs: number) => Promise<boolean>;
  readonly report: (report: Report) => void;
}

const [releasedMs, lookMs] = [200, 2];

/** Runs a core: gives it events with the time and does what it answers, in its order. */
export class Shell {
  readonly #core: Core;
  readonly #world: World;
  readonly #armed = new Map<number, number>();
  #owned: ReadonlySet<Vip> = new Set();
  #openUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(core: Core, world: World) {
    this.#core = core;
    this.#world = world;
  }

  /** Whether the gate of an address is surely open now. */
  open(vip: Vip): boolean {
    return this.#owned.has(vip) && this.#world.now() < this.#openUntil;
  }

  dispatch(event: Event): void {
    if (this.#closed) return;
    for (const action of this.#core.step(event, this.#world.now())) this.#perform(action);
  }

  /** Resolves when all voters have heard what was let go, of which they would wait for the end of their promises else; soon where one is away. */
  async released(): Promise<void> {
    for (const until = this.#world.now() + releasedMs; this.#core.releasing === true && this.#world.now() < until; )
      await setTimer(lookMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #perform(action: Action): void {
    switch (action.kind) {
      case 'send':
        this.#world.send(action.to, action.message);
        return;
      case 'kernel':
        void this.#apply(action.id, action.inc, action.transaction);
        return;
      case 'persist':
        this.#world.persist(action.disk);
        return;
      case 'announce':
        this.#world.announce(action.vips);
        return;
      case 'vote':
        this.#world.vote(action.request);
        return;
      case 'probe':
        void this.#probe(action.id, action.target, action.withinMs);
        return;
      case 'timer':
        this.#wake(action.at);
        return;
      case 'report':
        this.#world.report(action.report);
    }
  }

  /** Most events leave the time as it was. */
  #wake(at: number): void {
    if (at === this.#wakeAt) return;
    clearTimeout(this.#timer);
    this.#wakeAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    const tick = () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.dispatch({ kind: 'tick' });
    };
    this.#timer = setTimeout(tick, Math.max(0, at - this.#world.now()));
  }

  /** Where nobody can be asked, nobody has answered for a gateway, and somebody may have for an address: both keep a gate shut. */
  async #probe(id: number, target: Vip | 'gateway', withinMs: number): Promise<void> {
    const answered = await this.#world.probe(target, withinMs).catch(() => target !== 'gateway');
    this.dispatch({ kind: 'probed', id, answered });
  }

  async #apply(id: number, inc: number, transaction: Transaction): Promise<void> {
    const now = this.#world.now();
    // The clock is read before the kernel's: what is open by this reckoning is open there.
    if (transaction.kind === 'arm') this.#arm(transaction.token, now + transaction.gateMs, now);
    const ok = await this.#world.apply(inc, transaction);
    if (ok) this.#applied(transaction);
    this.dispatch({ kind: 'kernelDone', inc, id, ok });
  }

  #arm(token: number, until: number, now: number): void {
    for (const [old, end] of this.#armed) if (end < now) this.#armed.delete(old);
    this.#armed.set(token, until);
  }

  #applied(transaction: Transaction): void {
    if (transaction.kind === 'reset') [this.#owned, this.#openUntil] = [new Set(), 0];
    if (transaction.kind === 'confirm' || transaction.kind === 'own') this.#owned = new Set(transaction.owned);
    if (transaction.kind === 'confirm') this.#openUntil = this.#armed.get(transaction.token) ?? 0;
  }
}
