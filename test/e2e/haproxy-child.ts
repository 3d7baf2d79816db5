/** A weir to be killed: opens a session in a directory, commits what its parent sends, and says so. */
import { setTimeout as sleep } from 'node:timers/promises';
import { optionsSchema } from '../../providers/haproxy/options.ts';
import { openSession } from '../../providers/haproxy/session.ts';
import type { Resource } from '../../src/model/index.ts';
import { backend, frontend, route, settings } from './haproxy-rig.ts';

interface Order {
  readonly port: number;
  readonly servers: Readonly<Record<string, number>>;
}

/** What both sides know under these two values. */
export function orderedResources({ port, servers }: Order): readonly Resource[] {
  return [settings, frontend(port), route(port, 'a.test', '/', 'web'), backend('web', servers)];
}

if (import.meta.main) {
  const [, , stateDir = ''] = process.argv;
  const session = await openSession(
    optionsSchema.parse({ addresses: ['127.0.0.1'], threads: 2, maxConnections: 2_000 }),
    {
      clock: {
        now: () => performance.now(),
        wall: () => Date.now(),
        sleep: async (ms, signal) => void (await sleep(ms, undefined, signal === undefined ? {} : { signal })),
      },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      limiter: { take: async () => undefined, throttled: () => undefined },
      secret: async () => undefined,
      changed: () => undefined,
      stateDir,
      balancer: 'edge',
      node: 'n1',
      metric: () => undefined,
    },
  );
  process.on('message', async (order: Order) => {
    await session.commit?.([], orderedResources(order), new AbortController().signal);
    process.send?.('done');
  });
  process.send?.('open');
}
