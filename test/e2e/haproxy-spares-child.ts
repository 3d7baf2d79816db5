/** A weir to be killed: serves ever other choices of services, as fast as it can. */
import { setTimeout as sleep } from 'node:timers/promises';
import { optionsSchema } from '../../providers/haproxy/options.ts';
import { openSession } from '../../providers/haproxy/session.ts';
import { backend, frontend, route, settings } from './haproxy-rig.ts';

const [, , stateDir = '', portText = '', seedText = '', ...ports] = process.argv;
const port = Number(portText);
const session = await openSession(
  optionsSchema.parse({ addresses: ['127.0.0.1'], threads: 2, maxConnections: 2_000, spares: 4 }),
  {
    clock: {
      now: () => performance.now(),
      wall: () => Date.now(),
      sleep: async (ms, signal) => void (await sleep(ms, undefined, signal === undefined ? {} : { signal })),
    },
    log: { debug() {}, info() {}, warn: (_fields, message) => void process.send?.({ warning: message }), error() {} },
    limiter: { take: async () => undefined, throttled: () => undefined },
    secret: async () => undefined,
    changed: () => undefined,
    stateDir,
    balancer: 'edge',
    node: 'n1',
    metric: (name, _value, labels) => {
      if (name === 'weir_haproxy_reloads_total') process.send?.({ reload: labels?.reason });
    },
  },
);
process.send?.('open');
for (let turn = Number(seedText); ; turn++) {
  const wanted = ['a', 'b', 'c', 'd'].flatMap((id, i) =>
    ((turn * 5 + 3) >> i) % 2 === 0
      ? []
      : [
          route(port, `${id}.test`, '/', id),
          backend(id, { [ports[i] ?? '']: 1 }, turn % 3 === 0 ? { cookie: { name: 'lb' } } : {}),
        ],
  );
  await session.observe('all', new AbortController().signal);
  await session.commit?.([], [settings, frontend(port), ...wanted], new AbortController().signal);
}
