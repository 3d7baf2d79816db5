import { setTimeout as sleep } from 'node:timers/promises';
import { addressFamily } from '../../../src/net/index.ts';
import { probeFrame } from './frames.ts';
import { listenToNeighbors, type NeighborListener } from './neighbor-listener.ts';
import type { PacketSocket } from './packet-socket.ts';

export interface ProbeFace {
  readonly index: number;
  readonly mac: string;
}

export interface Question {
  readonly address: string;
  /** Where it is asked; an address that nobody can be asked about has none. */
  readonly faces: readonly ProbeFace[];
}

/** When it is asked, ms from the beginning, and when no answer is awaited any more; the time that asking itself takes does not count. */
export interface ProbeTimes {
  readonly askAtMs: readonly number[];
  readonly untilMs: number;
}

const lookMs = 5;
/** So many frames leave in one turn of the loop. */
const portion = 64;

/**
 * Asks the network whether anybody has these addresses, without saying that they are one's own (RFC 5227 section 2.1, RFC 4862 section
 * 5.4); resolves to address → Ethernet address of who has said so. An address that everybody is silent about is not in it. What one's own
 * interfaces say does not count.
 */
export async function probeNeighbors(
  socket: PacketSocket,
  questions: readonly Question[],
  { askAtMs, untilMs }: ProbeTimes,
): Promise<ReadonlyMap<string, string>> {
  const asked = new Set(questions.map(({ address }) => address));
  const own = new Set(questions.flatMap(({ faces }) => faces.map(({ mac }) => mac)));
  const found = new Map<string, string>();
  const listeners = await listenersFor(questions);
  const hear = () => {
    for (const listener of listeners)
      for (let said = listener.take(); said !== undefined; said = listener.take())
        if (asked.has(said.address) && !own.has(said.mac)) found.set(said.address, said.mac);
  };
  try {
    const begunAt = performance.now();
    let askingMs = 0;
    const passed = () => performance.now() - begunAt - askingMs;
    for (const at of [...askAtMs, untilMs]) {
      while (passed() < at && found.size < asked.size) {
        await sleep(Math.min(lookMs, Math.max(1, at - passed())));
        hear();
      }
      if (at === untilMs || found.size === asked.size) break;
      const askedAt = performance.now();
      await ask(
        socket,
        questions.filter(({ address }) => !found.has(address)),
        hear,
      );
      askingMs += performance.now() - askedAt;
    }
  } finally {
    for (const listener of listeners) listener.close();
  }
  return found;
}

async function ask(socket: PacketSocket, questions: readonly Question[], between: () => void): Promise<void> {
  let sent = 0;
  for (const { address, faces } of questions)
    for (const { index, mac } of faces) {
      socket.send(index, probeFrame(address, mac));
      sent += 1;
      if (sent % portion > 0) continue;
      await sleep(1);
      between();
    }
}

async function listenersFor(questions: readonly Question[]): Promise<readonly NeighborListener[]> {
  const places = new Map(
    questions.flatMap(({ address, faces }) => {
      const family = addressFamily(address);
      return faces.map(({ index }) => [`${index} ${family}`, { index, family }] as const);
    }),
  );
  const listeners: NeighborListener[] = [];
  try {
    for (const { index, family } of places.values()) listeners.push(await listenToNeighbors(index, family));
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
  return listeners;
}
