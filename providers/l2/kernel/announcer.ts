import { announcementFrames } from './frames.ts';
import type { PacketSocket } from './packet-socket.ts';

/** Where frames leave. */
export interface Face {
  readonly index: number;
  readonly mac: string;
}

export interface AnnouncerOptions {
  readonly socket: PacketSocket;
  /** Interfaces that announce this address now. */
  readonly faces: (vip: string) => readonly Face[];
  /** Whether its gate is surely open now: a frame that leaves later would lead clients astray. */
  readonly open: (vip: string) => boolean;
  /** Monotonic clock, ms. */
  readonly now: () => number;
  /** When an address that has just been taken over is told again, ms from the first time. */
  readonly burstMs?: readonly number[];
  /** How often each address that is owned is told again, ms; 0: never. Switches forget a port, routers an address. */
  readonly refreshMs?: number;
}

/** More than a second apart: what listens takes no more than one a second (RFC 4861 section 7.2.6, RFC 2002 of ARP caches). */
const usualBurstMs = [0, 1100, 2200, 3300, 4400];
const portion = 64;
/** A gate that is shut for a moment is looked at again so soon. */
const shutMs = 25;

/** Tells the network who has an address: at once when it is taken over, some more times in the next seconds, then each minute. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #burstMs: readonly number[];
  readonly #refreshMs: number;
  /** When each address is told next, and how often it was. */
  readonly #due = new Map<string, { at: number; since: number; told: number }>();
  readonly #frames = new Map<string, readonly Uint8Array[]>();
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #sent = new Map<string, number>();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#burstMs = options.burstMs ?? usualBurstMs;
    this.#refreshMs = options.refreshMs ?? 60_000;
  }

  /** Address → frames sent since the last call. */
  takeSent(): ReadonlyMap<string, number> {
    const sent = this.#sent;
    this.#sent = new Map();
    return sent;
  }

  /** Begins a burst for each; one that runs already begins again. */
  announce(vips: readonly string[]): void {
    const now = this.#options.now();
    for (const vip of vips) this.#due.set(vip, { at: now, since: now, told: 0 });
    this.#run();
  }

  /** Says nothing more of this address. */
  silence(vip: string): void {
    this.#due.delete(vip);
  }

  /** Interfaces came or changed: all that is owned is told again. */
  again(): void {
    this.announce([...this.#due.keys()]);
  }

  close(): void {
    this.#due.clear();
    clearTimeout(this.#timer);
  }

  /** A portion of the addresses that are due in each turn of the loop, so that beats find their way between them. */
  #run(): void {
    if (this.#running) return;
    clearTimeout(this.#timer);
    const now = this.#options.now();
    let next = Number.POSITIVE_INFINITY;
    let told = 0;
    for (const [vip, due] of this.#due) {
      if (due.at > now) {
        next = Math.min(next, due.at);
      } else if (told < portion) {
        told += 1;
        if (!this.#options.open(vip)) {
          due.at = now + shutMs;
          next = Math.min(next, due.at);
          continue;
        }
        this.#tell(vip);
        if (due.told === 0) due.since = now;
        due.told += 1;
        const more = this.#burstMs[due.told];
        due.at =
          more !== undefined
            ? due.since + more
            : this.#refreshMs > 0
              ? now + this.#refreshMs
              : Number.POSITIVE_INFINITY;
        next = Math.min(next, due.at);
      } else {
        this.#running = true;
        setImmediate(() => {
          this.#running = false;
          this.#run();
        });
        return;
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#run(), Math.max(1, next - now));
  }

  #tell(vip: string): void {
    for (const { index, mac } of this.#options.faces(vip)) {
      const key = `${vip} ${mac}`;
      const frames = this.#frames.get(key) ?? announcementFrames(vip, mac);
      this.#frames.set(key, frames);
      for (const frame of frames)
        if (this.#options.socket.send(index, frame)) this.#sent.set(vip, (this.#sent.get(vip) ?? 0) + 1);
    }
  }
}
