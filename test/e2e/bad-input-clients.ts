/** Clients that ask good services all the time, one connection a request, nothing retried. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../fakes/ask.ts';

export interface Clients {
  /** Ends them; what they saw. */
  stop(): Promise<{ readonly sent: number; readonly failed: readonly string[] }>;
}

/** One client for each host, each asking the next as soon as it is answered. `timeoutMs`: how long one waits for its answer. */
export function startClients(address: string, hosts: readonly string[], timeoutMs = 5_000): Clients {
  const failed: string[] = [];
  let sent = 0;
  let going = true;
  const client = async (host: string): Promise<void> => {
    while (going) {
      sent++;
      await ask({ address, port: 80, host, timeoutMs }).then(
        ({ status }) => {
          if (status !== 200) failed.push(`${host}: ${status}`);
        },
        (error: unknown) => failed.push(`${host}: ${String(error)}`),
      );
      await sleep(5);
    }
  };
  const all = Promise.all(hosts.map(client));
  return {
    stop: async () => {
      going = false;
      await all;
      return { sent, failed };
    },
  };
}
