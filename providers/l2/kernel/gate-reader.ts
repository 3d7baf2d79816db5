import type { Family } from '../../../src/net/index.ts';
import {
  elementsRequest,
  generationRequest,
  readAnswered,
  readClaimed,
  readGeneration,
  readGuarded,
  readTable,
  tableRequests,
} from './gate-batch.ts';
import type { Claim } from './gate-text.ts';
import type { NetlinkSocket } from './netlink-socket.ts';

/** Looks at the gates without a program and without waiting for anybody: the kernel lets readers through while others write. */
export class GateReader {
  readonly #socket: NetlinkSocket;

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** How many transactions there have been, of whomsoever; undefined when the kernel does not say. */
  generation(): number | undefined {
    return this.#safely(() => readGeneration(this.#socket.ask(generationRequest)));
  }

  /** What keeps one family's gate shut, as a text that stays the same while nobody changes it; undefined when something of it is missing. */
  table(inc: number, family: Family): string | undefined {
    return this.#safely(() => readTable(tableRequests(inc, family).flatMap((request) => this.#socket.ask(request))));
  }

  /** Others who have said in the last seconds that an address is theirs which is owned here. */
  claims(inc: number, families: readonly Family[]): readonly Claim[] {
    const ask = (family: Family) => readClaimed(this.#socket.ask(elementsRequest(inc, family, 'claims')), family);
    return this.#safely(() => families.flatMap(ask)) ?? [];
  }

  /** Address → questions for it that were answered since it is owned here. */
  answered(inc: number, families: readonly Family[]): ReadonlyMap<string, number> {
    const ask = (family: Family) => [...readAnswered(this.#socket.ask(elementsRequest(inc, family, 'owned')), family)];
    return new Map(this.#safely(() => families.flatMap(ask)) ?? []);
  }

  /** Whether an address is guarded, for each family of which there are gates. */
  guards(inc: number): readonly ((address: string) => boolean)[] {
    const ask = (family: Family) => readGuarded(this.#socket.ask(elementsRequest(inc, family, 'pool')), family);
    return this.#safely(() => [ask('ipv4'), ask('ipv6')]) ?? [];
  }

  close(): void {
    this.#socket.close();
  }

  /** An answer that was lost is as none. */
  #safely<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch {
      return undefined;
    }
  }
}
