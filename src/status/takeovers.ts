import type { Cluster } from '../kube/index.ts';
import type { Context, Problem } from '../model/index.ts';
import { EventBook, type Notice } from './event-book.ts';
import { EventSender } from './event-sender.ts';
import type { AnnouncedService } from './layer2-plan.ts';
import { RefusedWrites } from './refused-writes.ts';

export interface TakeoverOptions {
  /** Name of the source that follows the cluster. */
  readonly source: string;
  /** Who reports. */
  readonly instance: string;
  /** What is told at a Service. */
  readonly notice: Notice;
  readonly clock: Context['clock'];
  readonly random: () => number;
  /** `problems` answers something else. */
  readonly told: () => void;
}

/** Tells by Events which Services this machine has begun to answer for: whoever leads, and of each only that it begins. */
export class Takeovers {
  readonly #options: TakeoverOptions;
  readonly #book = new EventBook();
  readonly #refused: RefusedWrites;
  #sender: EventSender | undefined;
  #before: ReadonlySet<string> = new Set();

  constructor(options: TakeoverOptions) {
    this.#options = options;
    this.#refused = new RefusedWrites(options.source, options.told);
  }

  /** What this machine answers for now. */
  tell(announced: readonly AnnouncedService[]): void {
    const { clock, notice } = this.#options;
    const now = new Set<string>();
    for (const { service, uid, addresses } of announced) {
      const [namespace = '', name = ''] = service.split('/');
      if (uid === undefined) continue;
      const key = `${uid} ${addresses.join()}`;
      now.add(key);
      if (!this.#before.has(key))
        this.#book.tell({ apiVersion: 'v1', kind: 'Service', namespace, name, uid }, notice, clock.now());
    }
    this.#before = now;
    this.#sender?.hurry();
  }

  problems(): readonly Problem[] {
    return this.#refused.problems();
  }

  async run(cluster: Cluster, signal: AbortSignal): Promise<void> {
    const { clock, random, instance } = this.#options;
    const what = { resource: 'events.events.k8s.io', namespace: '' };
    this.#sender = new EventSender({
      ...{ cluster, clock, random, instance, book: this.#book, manager: 'weir' },
      mayWrite: () => true,
      refused: (error) => this.#refused.tell(what, error),
    });
    await this.#sender.run(signal);
    this.#sender = undefined;
  }
}
