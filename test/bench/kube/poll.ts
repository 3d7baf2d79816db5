/** Asks again and again on one connection: when is a change there for a client? */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../client/connection.ts';
import { monotonicMs } from '../client/monotonic.ts';

const pauseMs = 1;

/** On as many connections at a time: where requests go to old and new targets in turn, the next one is not far. */
const connections = 2;

/** When the first request was answered for which `right` holds, by target. @throws after 20 s. */
export async function firstAnswer(
  address: string,
  authority: string,
  right: (target: string | undefined) => boolean,
): Promise<number> {
  const deadlineMs = monotonicMs() + 20_000;
  let found = Number.POSITIVE_INFINITY;
  const poll = async () => {
    let connection: Connection | undefined;
    while (found === Number.POSITIVE_INFINITY) {
      if (connection?.usable !== true)
        connection = new Connection({ port: 80, host: address, authority, mode: 'keepalive' });
      const { ok, target, endMs } = await connection.ask(2_000);
      if (ok && right(target)) found = Math.min(found, endMs);
      // Those that ask without pause would leave no processor to what they wait for.
      else await sleep(pauseMs);
      if (endMs > deadlineMs) break;
    }
    connection?.close();
  };
  await Promise.all(Array.from({ length: connections }, poll));
  if (found === Number.POSITIVE_INFINITY) throw new Error(`no answer for ${authority} as it shall be within 20 s`);
  return found;
}
