/** A session inside a network namespace: says what it does on the channel to its parent, and serves until that ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { optionsSchema } from '../../providers/haproxy/options.ts';
import { openSession } from '../../providers/haproxy/session.ts';
import type { Resource } from '../../src/model/index.ts';
import { backend, frontend, settings, startEcho } from './haproxy-rig.ts';

const [, , stateDir = '', ...addresses] = process.argv;
const reloads: string[] = [];
const echo = await startEcho('echo');
const session = await openSession(
  optionsSchema.parse({ addresses, threads: 1, maxConnections: 500, portSet: 20_000 }),
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
    metric: (name) => {
      if (name.startsWith('weir_haproxy_reloads')) reloads.push(name);
    },
  },
);

function service(port: number): readonly Resource[] {
  const id = `t${port}`;
  return [frontend(port, { mode: 'tcp' }, { default: id }), backend(id, { [echo.port]: 1 }, { mode: 'tcp' })];
}

process.on('message', async (order: { readonly ports: readonly number[] } | 'withdraw') => {
  const answer = await (async () => {
    if (order === 'withdraw') await session.close('withdraw');
    else await session.commit?.([], [settings, ...order.ports.flatMap(service)], new AbortController().signal);
    return { reloads: reloads.length };
  })().catch((error: unknown) => ({ error: String(error) }));
  process.send?.(answer);
  if (order === 'withdraw') process.exit();
});
process.send?.('open');
