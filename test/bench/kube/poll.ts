/** Asks again and again on one connection: when is a change there for a client? */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../client/connection.ts';
import { monotonicMs } from '../client/monotonic.ts';

const pauseMs = 1;

/** When the first request was answered for which `right` holds, by target and status. @throws after 20 s. */
export async function firstAnswer(
  address: string,
  authority: string,
  right: (target: string | undefined) => boolean,
): Promise<number> {
  const deadlineMs = monotonicMs() + 20_000;
  let connection: Connection | undefined;
  try {
    for (;;) {
      if (connection?.usable !== true)
        connection = new Connection({ port: 80, host: address, authority, mode: 'keepalive' });
      const { ok, target, endMs } = await connection.ask(2_000);
      if (ok && right(target)) return endMs;
      // Two that ask without pause would leave no processor to what they wait for.
      await sleep(pauseMs);
      if (endMs > deadlineMs) throw new Error(`no answer for ${authority} as it shall be within 20 s, last ${target}`);
    }
  } finally {
    connection?.close();
  }
}
