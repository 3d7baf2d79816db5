/**
 * How long src/kube is blind after a fault: a real API server behind a proxy that breaks connections, writes that go past it. Figures are
 * medians unless they say otherwise; the limits are what a reflector of 75 lines reached, and lists count besides.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Reflector } from '../../src/kube/index.ts';
import { resourcePath } from '../../src/kube/index.ts';
import { until, valueIn } from '../kube-client/cluster-to.ts';
import { type ProxiedPlane, startProxiedPlane } from '../kube-client/proxied-plane.ts';
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';
import { median } from './figure.ts';

const ms = (name: string, limit: number): FigureSpec => ({
  name: `kube.fault_${name}_ms`,
  unit: 'ms',
  limit,
  direction: 'lower',
});
const count = (name: string): FigureSpec => ({
  name: `kube.fault_${name}`,
  unit: 'times',
  limit: 0,
  direction: 'lower',
});

export const figures: readonly FigureSpec[] = [
  ms('reset', 78),
  ms('down', 950),
  ms('hole', 3_600),
  ms('ends_max', 152),
  ms('expired', 111),
  ms('handler', 85),
  ...['reset', 'down', 'hole', 'handler', 'ends'].map((name) => count(`${name}_lists`)),
  count('stop_leaks'),
];

/** A client that does not look whether its connection lives. */
export const breaks = ['kube-no-ping'];

export const load =
  'one reflector of ConfigMaps, one write after each fault: 10 resets, 5 times unreachable for 2 s (counted from when it is back), 3 black holes (counted from the write), 10 writes between watches that the server ends every 1 to 2 seconds (the longest of them), 3 places too old, 5 throwing handlers, stops after 0, 1, 5, 20 and 50 ms';

const path = resourcePath({ apiVersion: 'v1', resource: 'configmaps', namespace: 'default' });

class Watched {
  readonly reflector: Reflector<string>;
  readonly #seen = new Map<string, number>();
  /** Throws at the next change. */
  throwing = false;
  #writes = 0;
  readonly #stage: ProxiedPlane;

  constructor(stage: ProxiedPlane, cluster: Cluster) {
    this.#stage = stage;
    this.reflector = cluster.reflect<string>({
      path,
      query: { fieldSelector: 'metadata.name=bench' },
      project: valueIn,
      onChange: (change) => {
        this.told++;
        if (change.type !== 'delete') this.#seen.set(change.object, performance.now());
        if (!this.throwing) return;
        this.throwing = false;
        throw new Error('planted');
      },
    });
  }

  /** Changes told so far. */
  told = 0;

  async ready(): Promise<void> {
    this.reflector.start();
    await until(
      () => this.reflector.state.phase === 'watching',
      'watching',
      () => this.reflector.state,
      60_000,
    );
  }

  async write(): Promise<string> {
    const v = `${++this.#writes}`;
    await this.#stage.plane.client.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'bench', namespace: 'default' },
      data: { v },
    });
    return v;
  }

  /** When the reflector told of this write. */
  async seen(v: string): Promise<number> {
    await until(
      () => this.#seen.has(v),
      `write ${v}`,
      () => this.reflector.state,
      60_000,
    );
    return this.#seen.get(v) ?? Number.NaN;
  }

  /** Milliseconds from just before the write, or from `fromMs`. */
  async writeAndSee(fromMs?: () => number): Promise<number> {
    const startMs = performance.now();
    const v = await this.write();
    return (await this.seen(v)) - (fromMs?.() ?? startMs);
  }
}

export async function run({ breakName }: BenchOptions): Promise<readonly Figure[]> {
  const stage = await startProxiedPlane();
  try {
    return await measure(stage, breakName);
  } finally {
    await stage.stop();
  }
}

async function measure(stage: ProxiedPlane, breakName: string | undefined): Promise<readonly Figure[]> {
  const { proxy } = stage;
  const cluster = await stage.open(undefined, breakName === 'kube-no-ping' ? { pingDeadlineMs: 20_000 } : {});
  const one = new Watched(stage, cluster);
  await one.write();
  await one.ready();
  const out: Figure[] = [];
  const tell = (name: string, values: readonly number[], unit = 'ms', value = median(values)) =>
    out.push({ figure: `kube.fault_${name}`, value: Math.round(value * 10) / 10, unit, n: values.length });
  /** Runs the rounds; tells the lists that were made meanwhile. */
  const rounds = async (name: string, times: number, round: (i: number) => Promise<number>) => {
    const lists = one.reflector.state.lists;
    const values: number[] = [];
    for (let i = 0; i < times; i++) values.push(await round(i));
    out.push({ figure: `kube.fault_${name}_lists`, value: one.reflector.state.lists - lists, unit: 'times', n: times });
    return values;
  };

  tell(
    'reset_ms',
    await rounds('reset', 10, async () => {
      proxy.cut();
      return one.writeAndSee();
    }),
  );
  tell(
    'down_ms',
    await rounds('down', 5, async () => {
      await proxy.down();
      const v = await one.write();
      await sleep(2_000);
      const backMs = performance.now();
      await proxy.up();
      return (await one.seen(v)) - backMs;
    }),
  );
  tell(
    'hole_ms',
    await rounds('hole', 3, async () => {
      proxy.swallow();
      return one.writeAndSee();
    }),
  );
  tell(
    'handler_ms',
    await rounds('handler', 5, async () => {
      one.throwing = true;
      await one.seen(await one.write());
      return one.writeAndSee();
    }),
  );
  out.push(await countLeaks(one));
  const expired: number[] = [];
  for (let i = 0; i < 3; i++) {
    await one.reflector.stop();
    await stage.plane.killApiServer();
    await stage.plane.restartApiServer();
    const v = await one.write();
    const startMs = performance.now();
    one.reflector.start();
    expired.push((await one.seen(v)) - startMs);
  }
  tell('expired_ms', expired);
  await one.reflector.stop();

  // The server ends what is asked to last a second at least.
  const short = new Watched(stage, await stage.open(undefined, { watchMs: 1_000 }));
  await short.ready();
  const lists = short.reflector.state.lists;
  const ends: number[] = [];
  for (let i = 0; i < 10; i++) {
    await sleep(1_500 + 137 * i);
    ends.push(await short.writeAndSee());
  }
  tell('ends_max_ms', ends, 'ms', Math.max(...ends));
  out.push({
    figure: 'kube.fault_ends_lists',
    value: short.reflector.state.lists - lists,
    unit: 'times',
    n: short.reflector.state.watches,
  });
  return out;
}

/** Changes told after a stop, of 20 stops at awkward moments. */
async function countLeaks(one: Watched): Promise<Figure> {
  let leaks = 0;
  const stops = [0, 1, 5, 20, 50].flatMap((afterMs) => [afterMs, afterMs, afterMs, afterMs]);
  for (const afterMs of stops) {
    await one.reflector.stop();
    one.reflector.start();
    if (afterMs > 0) await sleep(afterMs);
    const stopping = one.reflector.stop();
    const before = one.told;
    await one.write();
    await stopping;
    await sleep(100);
    leaks += one.told - before;
  }
  await one.ready();
  return { figure: 'kube.fault_stop_leaks', value: leaks, unit: 'times', n: stops.length };
}
