/** Whether two nodes have answered for one address at once, as a client saw it that asked every millisecond. */
import type { Seen } from './l2-observer.ts';

/** Silence after which the same node's answers count as another turn of it. */
const apartMs = 50;

/** Turns of different nodes that overlap, in words. */
export function doubleAnswers(seen: Seen): readonly string[] {
  const addresses = new Set(seen.said.map(({ vip }) => vip));
  return [...addresses].flatMap((address) => {
    const turns = turnsOf(seen, address);
    return turns.flatMap((one) =>
      turns
        .filter((two) => two.mac > one.mac && two.first <= one.last && one.first <= two.last)
        .map((two) => `${address}: ${one.mac} ${one.first}–${one.last}, ${two.mac} ${two.first}–${two.last}`),
    );
  });
}

interface Turn {
  readonly mac: string;
  readonly first: number;
  last: number;
}

function turnsOf(seen: Seen, address: string): readonly Turn[] {
  const last = new Map<string, Turn>();
  const turns: Turn[] = [];
  for (const { kind, vip, mac, at } of seen.said) {
    if (kind !== 'reply' || vip !== address) continue;
    const turn = last.get(mac);
    if (turn !== undefined && at - turn.last < apartMs) {
      turn.last = at;
      continue;
    }
    const begun: Turn = { mac, first: at, last: at };
    last.set(mac, begun);
    turns.push(begun);
  }
  return turns;
}
