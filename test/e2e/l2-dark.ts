import type { Seen } from './l2-observer.ts';

/** How long after a question its answer may come. */
const lateMs = 50;

/** The longest time in which nobody answered a client that asked for one address all the time, ms. A client that was held up itself saw nothing. */
export function darkMs({ asked, said }: Seen): number {
  const replies = said.filter(({ kind }) => kind === 'reply').map(({ at }) => at);
  let longest = 0;
  let next = 0;
  let from: number | undefined;
  for (const [at] of asked) {
    while (next < replies.length && (replies[next] ?? 0) < at) next += 1;
    const reply = replies[next];
    if (reply !== undefined && reply - at <= lateMs) from = undefined;
    else {
      from ??= at;
      longest = Math.max(longest, at - from);
    }
  }
  return longest;
}
