import type { Message, NodeId, Vip } from './protocol/messages.ts';
import type { News } from './speaker-words.ts';

export interface PeerViewParts {
  readonly node: NodeId;
  /** Monotonic and wall-clock ms. */
  readonly now: () => number;
  readonly wall: () => number;
  readonly tell: (news: News) => void;
  /** So long after its last sign of life a node may still answer. */
  readonly promiseMs: number;
  /** So often those are heard that need not be heard more often. */
  readonly restMs: number;
}

interface Heard {
  inc: number;
  seq: number;
  /** Between its last two beats, or to the next one: those without a vote here, and those that rest, are heard once a second only. */
  everyMs: number;
  atMs: number;
  atWallMs: number;
  claims: readonly Vip[];
  eligible: boolean;
  /** As it was told. */
  told: { readonly claims: readonly Vip[]; readonly eligible: boolean };
}

const lookMs = 200;
/** Those that need not hear each beat hear one a second. */
const silentMs = 2500;
/** Who does not vote hears an owner once a second. */
const claimedMs = 3500;
const nothing = { claims: [], eligible: false };

/** What the datagrams of the others show to people: who is there, and what each says that it has. Decides nothing. */
export class PeerView {
  readonly #parts: PeerViewParts;
  readonly #heard = new Map<NodeId, Heard>();
  readonly #beganMs: number;
  #peers: readonly NodeId[] = [];
  #silent = '[]';
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: PeerViewParts) {
    this.#parts = parts;
    this.#beganMs = parts.now();
  }

  /** Who shall be there. */
  know(peers: readonly NodeId[]): void {
    this.#peers = peers;
    for (const [node, heard] of this.#heard)
      if (!peers.includes(node)) {
        this.#heard.delete(node);
        this.#tellOf(node, heard, nothing);
      }
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), lookMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Every authentic datagram; a beat that is not newer than the last is none of life: somebody may say again what he has recorded. */
  hear(message: Message): void {
    if (message.kind !== 'beat') return;
    const { now, wall, restMs } = this.#parts;
    const known = this.#heard.get(message.from);
    const heard = known ?? { inc: 0, seq: 0, everyMs: 0, atMs: 0, atWallMs: 0, ...nothing, told: nothing };
    if (message.inc < heard.inc || (message.inc === heard.inc && message.seq <= heard.seq)) return;
    if (known === undefined) this.#heard.set(message.from, heard);
    heard.everyMs = message.restful ? restMs : known === undefined ? 0 : now() - heard.atMs;
    [heard.inc, heard.seq] = [message.inc, message.seq];
    heard.atMs = now();
    heard.atWallMs = wall();
    heard.claims = message.claims;
    heard.eligible = message.eligible;
  }

  /** Whether a node is there. */
  heard(node: NodeId): boolean {
    return this.#parts.now() - (this.#heard.get(node)?.atMs ?? Number.NEGATIVE_INFINITY) < silentMs;
  }

  /** Whether a node is there and may take addresses. */
  fit(node: NodeId): boolean {
    const heard = this.#heard.get(node);
    if (heard?.eligible !== true) return false;
    const patienceMs = Math.max(this.#parts.promiseMs, Math.min(1.5 * heard.everyMs, silentMs));
    return this.#parts.now() - heard.atMs < patienceMs;
  }

  /** Whether a node that is there says that it has this address. */
  claimed(vip: Vip): boolean {
    const atMs = this.#parts.now();
    return [...this.#heard.values()].some(({ atMs: then, claims }) => atMs - then < claimedMs && claims.includes(vip));
  }

  /** Tells what is different since the last look. */
  look(): void {
    const { now, tell } = this.#parts;
    const atMs = now();
    const silent = this.#peers.flatMap((node): readonly (readonly [NodeId, number])[] => {
      const heard = this.#heard.get(node);
      return atMs - (heard?.atMs ?? this.#beganMs) < silentMs ? [] : [[node, heard?.atWallMs ?? 0]];
    });
    const gone = new Set(silent.map(([node]) => node));
    for (const [node, heard] of this.#heard) this.#tellOf(node, heard, gone.has(node) ? nothing : heard);
    const text = JSON.stringify(silent);
    if (text !== this.#silent) tell({ kind: 'silent', nodes: silent });
    this.#silent = text;
  }

  #tellOf(node: NodeId, heard: Heard, { claims, eligible }: Pick<Heard, 'claims' | 'eligible'>): void {
    const { told } = heard;
    if (told.eligible === eligible && sameVips(told.claims, claims)) return;
    heard.told = { claims, eligible };
    this.#parts.tell({ kind: 'claims', node, vips: claims, eligible });
  }
}

function sameVips(one: readonly Vip[], other: readonly Vip[]): boolean {
  return one === other || (one.length === other.length && one.every((vip, at) => vip === other[at]));
}
