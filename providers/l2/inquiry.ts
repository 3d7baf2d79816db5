import { FirstUse, type FirstUseParts } from './first-use.ts';
import { readGateway } from './kernel/gateway.ts';
import type { Link } from './kernel/interfaces.ts';
import { type ProbeFace, type ProbeTimes, probeNeighbors, type Question } from './kernel/neighbor-prober.ts';
import type { PacketSocket } from './kernel/packet-socket.ts';
import type { Message, NodeId, Vip } from './protocol/messages.ts';

export interface InquiryParts extends Omit<FirstUseParts, 'probe' | 'askable'> {
  readonly socket: PacketSocket;
  /** Interfaces on which an address is announced. */
  readonly faces: (vip: string) => readonly Link[];
  /** Every interface that announces, by name. */
  readonly face: (name: string) => Link | undefined;
}

type Found = Promise<ReadonlyMap<string, string>>;

/** Who on the network has an address: asked before its first use, and when two nodes have lost sight of one another. */
export class Inquiry {
  readonly #parts: InquiryParts;
  readonly #firstUse: FirstUse;
  /** The claims of each node as they were heard last; the same list while they are the same. */
  readonly #heard = new Map<NodeId, readonly Vip[]>();
  /** What is asked for in this turn of the loop, by how long an answer is awaited. */
  readonly #gathered = new Map<number, { readonly questions: Question[]; readonly found: Found }>();
  #wanted: readonly string[] = [];

  constructor(parts: InquiryParts) {
    this.#parts = parts;
    this.#firstUse = new FirstUse({
      ...parts,
      probe: (vips, times) => this.#probe(vips, times),
      askable: (vip) => this.#facesOf(vip).length > 0,
    });
  }

  /** Whether it has been found that an address may be used. */
  ready(vip: string): boolean {
    return this.#firstUse.ready(vip);
  }

  /** The addresses that this node may get. */
  want(vips: readonly string[]): void {
    this.#wanted = vips;
    this.look();
  }

  /** What a beat of our own nodes says: what they have, and what they hand over. */
  hear(message: Message): void {
    if (message.kind !== 'beat') return;
    const { from, claims, hints } = message;
    if (claims !== this.#heard.get(from)) this.#firstUse.inUse(claims);
    this.#heard.set(from, claims);
    if (hints.length > 0) this.#firstUse.inUse(hints.flatMap(({ vips }) => vips));
  }

  /** Interfaces came or changed. */
  look(): void {
    this.#firstUse.want(this.#wanted);
  }

  /** Whether anybody answers within this time; many that are asked for at once are one probe. Rejects where nobody can be asked. */
  async answered(target: string, withinMs: number): Promise<boolean> {
    const gateway = target === 'gateway' ? readGateway() : undefined;
    const faces = gateway === undefined ? this.#facesOf(target) : speaking(this.#parts.face(gateway.face));
    const address = gateway?.address ?? target;
    if (address === 'gateway' || faces.length === 0)
      throw new Error(`there is no interface on which ${target} can be asked for`);
    return (await this.#together({ address, faces }, withinMs)).has(address);
  }

  close(): Promise<void> {
    return this.#firstUse.close();
  }

  /** A listener of its own for each would hear what all hear, and the kernel takes its time to close one. */
  #together(question: Question, withinMs: number): Found {
    const gathered = this.#gathered.get(withinMs);
    if (gathered !== undefined) {
      gathered.questions.push(question);
      return gathered.found;
    }
    const questions = [question];
    const found = Promise.resolve().then(() => {
      this.#gathered.delete(withinMs);
      return probeNeighbors(this.#parts.socket, questions, { askAtMs: [0], untilMs: withinMs });
    });
    this.#gathered.set(withinMs, { questions, found });
    return found;
  }

  #probe(vips: readonly string[], times: ProbeTimes): Promise<ReadonlyMap<string, string>> {
    const questions = vips.map((address) => ({ address, faces: this.#facesOf(address) }));
    return probeNeighbors(this.#parts.socket, questions, times);
  }

  #facesOf(vip: string): readonly ProbeFace[] {
    return this.#parts.faces(vip).flatMap(speaking);
  }
}

function speaking(link: Link | undefined): readonly ProbeFace[] {
  return link?.mac === undefined ? [] : [{ index: link.index, mac: link.mac }];
}
