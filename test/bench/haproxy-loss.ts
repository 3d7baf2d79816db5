/** What each kind of change that still makes HAProxy reload costs its clients: a table, and the sum as figures. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';
import { type Churn, type LoadPorts, main, startChurn } from './haproxy/churn.ts';
import { freePorts, until } from './haproxy/edge.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'haproxy.reload_loss', unit: 'requests', limit: 0, direction: 'lower' },
  { name: 'haproxy.reload_loss_streams', unit: 'streams', limit: 0, direction: 'lower' },
  { name: 'haproxy.reload_loss_requests', unit: 'requests', limit: 20_000, direction: 'higher' },
];

/** loss-hard: old workers live half a second. */
export const breaks = ['loss-hard'];

export const load =
  'each kind of change that reloads, 4 times (refill of spares: twice); 300/s new connections, 400/s POSTs on 100 kept connections that are looked at before use and 400/s on 100 that are not, 50/s on 10 TLS connections, 100/s on 4 HTTP/2 sessions, 25 TCP echoes, 25 endless answers; no retries';

const turns = 4;
const spares = 8;
/** A refill waits until nothing has changed for a while. */
const refillMs = 20_000;

function loads({ port, tlsPort, ca }: LoadPorts) {
  return [
    { name: 'new', kind: 'new', port, connections: 24, perSecond: 300, asks: main },
    { name: 'looking', kind: 'pool', port, connections: 100, perSecond: 400, asks: main },
    { name: 'blind', kind: 'pool', port, connections: 100, perSecond: 400, asks: main, blind: true },
    { name: 'tls', kind: 'pool', port: tlsPort, connections: 10, perSecond: 50, asks: main, ca },
    { name: 'h2', kind: 'h2', port: tlsPort, connections: 4, perSecond: 100, asks: main, ca },
  ] as const;
}

const names = ['new', 'looking', 'blind', 'tls', 'h2'] as const;

interface Kind {
  readonly what: string;
  readonly turns?: number;
  /** Makes the change number `turn`. */
  change(turn: number): Promise<void>;
}

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const options = { spares, ...(breakName === 'loss-hard' ? { hardStopAfter: '500ms' } : {}) };
  const churn = await startChurn({ seed: 9, raw, loads, options });
  const { edge, swarm } = churn;
  const tell = (cells: readonly string[]) => process.stderr.write(`| ${cells.join(' | ')} |\n`);
  try {
    tell(['what reloads', 'reloads', 'new', 'kept, looking', 'kept, blind', 'TLS', 'HTTP/2', 'streams cut']);
    for (const { what, change, turns: count = turns } of await kindsOf(churn)) {
      const counted = names.map((name) => ({ ...swarm.load(name) }));
      const [cut, before] = [swarm.total().cut, (await edge.processes()).reloads];
      for (let turn = 0; turn < (breakName === undefined ? count : 1); turn++) {
        const { reloads } = await edge.processes();
        await change(turn);
        await until(`${what}: a reload`, async () => (await edge.processes()).reloads > reloads, refillMs);
        await sleep(1_100);
      }
      const cells = names.map((name, i) => {
        const [now, then] = [swarm.load(name), counted[i]];
        const failed = now.failed - (then?.failed ?? 0);
        return `${failed} of ${now.ok - (then?.ok ?? 0) + failed}`;
      });
      const made = (await edge.processes()).reloads - before;
      tell([what, String(made), ...cells, `${swarm.total().cut - cut} of 50`]);
      if (breakName !== undefined && swarm.total().cut > 0) break;
    }
    const { sent, failed, cut } = swarm.total();
    process.stderr.write(`failures ${JSON.stringify(swarm.errors())}\n`);
    return [
      { figure: 'haproxy.reload_loss', value: failed, unit: 'requests', n: sent },
      { figure: 'haproxy.reload_loss_streams', value: cut, unit: 'streams', n: 50 },
      { figure: 'haproxy.reload_loss_requests', value: sent, unit: 'requests', n: turns },
    ];
  } finally {
    await churn.end();
  }
}

async function kindsOf({ edge, origin, world }: Churn): Promise<readonly Kind[]> {
  const [port = 0, http = 0] = await freePorts(2);
  const targets = [{ address: '127.0.0.1', port: origin.http[0] ?? 1 }];
  const route = { host: 'loss.test', to: 'web' };
  const service = (name: string, rules: readonly object[], more: object = {}) =>
    JSON.stringify({ name: `bench/${name}`, http: { port: http, rules }, backends: { web: { targets } }, ...more });
  const writes = (name: string, text: (turn: number) => string | undefined) => async (turn: number) => {
    const content = text(turn);
    await (content === undefined ? edge.remove(`${name}.json`) : edge.write(`${name}.json`, content));
  };
  const everyOther = (name: string, text: string) => writes(name, (turn) => (turn % 2 === 0 ? text : undefined));
  const tcp = JSON.stringify({ name: 'bench/tcp', ports: [{ port, protocol: 'tcp' }], targets });
  const special = (name: string, rule: object) => {
    const usual = service(name, [{ ...route, host: `${name}.test` }]);
    return writes(name, (turn) =>
      turn % 2 === 0
        ? service(name, [
            { ...route, host: `${name}.test` },
            { host: `${name}.test`, ...rule },
          ])
        : usual,
    );
  };
  // The port is there for the rest.
  const lasting = service('loss', [route]);
  return [
    { what: 'a TCP port comes or goes', change: everyOther('loss-tcp', tcp.replace('bench/tcp', 'bench/loss-tcp')) },
    {
      what: 'an HTTP port comes or goes',
      change: writes('loss', (turn) => (turn % 2 === 0 ? lasting : undefined)),
    },
    {
      what: 'first regular expression of a port, or its last goes',
      change: special('regex', { path: { regex: '^/u/[0-9]+$' }, to: 'web' }),
    },
    {
      what: 'a condition on headers or methods',
      change: special('condition', { path: '/x', methods: ['POST'], to: 'web' }),
    },
    {
      what: 'a backend that fits no spare one',
      change: writes('shape', (turn) =>
        service('shape', [{ ...route, host: 'shape.test' }], { settings: { haproxy: { retries: turn + 4 } } }),
      ),
    },
    { what: 'options of the balancer', change: (turn) => changeOptions(edge.folder, turn) },
    {
      what: 'refill of spare backends',
      turns: 2,
      async change(turn) {
        const { port: shared } = world;
        for (let i = 0; i < spares; i++)
          await edge.write(
            `spare-${turn}-${i}.json`,
            JSON.stringify({
              name: `bench/spare-${turn}-${i}`,
              http: { port: shared, rules: [{ host: `s${i}.turn${turn}.test` }] },
              targets,
            }),
          );
      },
    },
  ];
}

/** Changes weir.yaml under the running weir. */
async function changeOptions(folder: string, turn: number): Promise<void> {
  const path = `${folder}/weir.yaml`;
  const config = JSON.parse(await readFile(path, 'utf8'));
  config.balancers[0].options.timeouts = { connect: `${6 + turn}s` };
  await writeFile(`${path}.tmp`, JSON.stringify(config));
  await rename(`${path}.tmp`, path);
}
