/** The figures of HAProxy under `weir run`: how long a change of an endpoint takes to be in force, and what it costs the clients. */
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Load, monotonicMs, startLoad } from './client.ts';
import { type BenchOptions, type Figure, type FigureSpec, median } from './figure.ts';
import { type Bed, makeBed, type WrittenTarget } from './haproxy/bed.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'haproxy.change_ms', unit: 'ms', limit: 30, direction: 'lower' },
  { name: 'haproxy.own_ms', unit: 'ms', limit: 5, direction: 'lower' },
  { name: 'haproxy.endpoint_failed', unit: 'requests', limit: 0, direction: 'lower' },
  { name: 'haproxy.endpoint_reloads', unit: 'reloads', limit: 0, direction: 'lower' },
  { name: 'haproxy.endpoint_requests', unit: 'requests', limit: 1_000, direction: 'higher' },
  { name: 'haproxy.endpoint_per_second', unit: 'requests/s', limit: 1_000, direction: 'higher' },
];

/** dead-target: a change leads to a port that nobody listens on. reload: the service changes so that HAProxy must reload. slow-file: each write is held up by 50 ms. */
export const breaks = ['dead-target', 'reload', 'slow-file'];

export const load =
  'weir run on a folder, HAProxy on loopback, HTTP/1.1, a new connection for each request, client and targets in processes of their own, no retries; own_ms without load';

const changes = 60;
const churn = 200;
const perSecond = 1_200;

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const bed = await makeBed({
    targets: 12,
    service: (text, write) => {
      const planted = breakName === 'reload' && (write < changes ? write % 2 === 1 : write % 50 === 49);
      return planted ? `${text}settings:\n  haproxy:\n    retries: ${write % 100}\n` : text;
    },
  });
  const bench = { bed, breakName, raw };
  const load: { client?: Load } = {};
  try {
    const own = await measureOwn(bench);
    await bed.write([{ port: portOf(bed, 0) }]);
    const client = await startLoad({
      port: bed.port,
      mode: 'new',
      workers: 8,
      perSecond,
      timeoutMs: 2_000,
      ...(raw === undefined ? {} : { raw: `${raw}/haproxy-requests.jsonl` }),
    });
    load.client = client;
    await client.seen('t0', monotonicMs());
    await gone(client, ['t0']);
    const timed = await measureChanges({ ...bench, client });
    const churned = await measureChurn({ ...bench, client });
    return [...own, ...timed, ...churned];
  } finally {
    await load.client?.stop();
    await bed.end();
  }
}

interface Running {
  readonly bed: Bed;
  readonly breakName: string | undefined;
  readonly raw: string | undefined;
}

/** Weir's own share: from the event in the source to the command that HAProxy accepted, as weir counts it, one change of weight each. */
async function measureOwn({ bed, raw }: Running): Promise<readonly Figure[]> {
  const ownMs: number[] = [];
  const own = () => bed.metric('weir_endpoint_to_target_seconds_sum');
  for (let i = 0; i < changes; i++) {
    const before = await own();
    await bed.write([{ port: portOf(bed, 0) }, { port: portOf(bed, 1), weight: 2 + (i % 2) }]);
    const spent = await waitFor(async () => {
      const now = await own();
      return now > before ? now - before : undefined;
    });
    ownMs.push(spent * 1_000);
    if (raw !== undefined)
      await appendFile(`${raw}/haproxy-own.jsonl`, `${JSON.stringify({ i, ownMs: ownMs.at(-1) })}\n`);
  }
  // The first grows the service; it is not a change of weight.
  return [{ figure: 'haproxy.own_ms', value: round(median(ownMs.slice(1))), unit: 'ms', n: ownMs.length - 1 }];
}

/** One endpoint takes the place of another, again and again: from the write to the first answer of the new one. */
async function measureChanges({
  bed,
  client,
  breakName,
  raw,
}: Running & { readonly client: Load }): Promise<readonly Figure[]> {
  const changeMs: number[] = [];
  for (let i = 1; i <= changes; i++) {
    const target = i % bed.targets.length;
    const startMs = monotonicMs();
    if (breakName === 'slow-file') await sleep(50);
    await bed.write([{ port: portOf(bed, target) }]);
    const answer = await client.seen(`t${target}`, startMs);
    changeMs.push(answer.endMs - startMs);
    await gone(client, [`t${target}`]);
    if (raw !== undefined)
      await appendFile(`${raw}/haproxy-changes.jsonl`, `${JSON.stringify({ i, changeMs: changeMs.at(-1) })}\n`);
  }
  return [{ figure: 'haproxy.change_ms', value: round(median(changeMs)), unit: 'ms', n: changeMs.length }];
}

/** Swap, grow, weight, drain, shrink in turn; the next only when traffic shows the one before. */
async function measureChurn({
  bed,
  client,
  breakName,
  raw,
}: Running & { readonly client: Load }): Promise<readonly Figure[]> {
  const reloads = () => bed.metric('weir_haproxy_reloads_total');
  const [before, counted, startMs] = [client.counts(), await reloads(), monotonicMs()];
  let serving = [changes % bed.targets.length];
  for (let i = 0; i < churn; i++) {
    const { targets, expected } = nextState(i, serving, bed.targets.length);
    const written = targets.map(({ index, ...rest }): WrittenTarget => ({ port: portOf(bed, index), ...rest }));
    // Longer than a client waits: within less, HAProxy sends what waits to the next target, and nothing fails.
    const dead = breakName === 'dead-target' && i === 10;
    if (dead) written.splice(0, written.length, { port: 1 });
    const sinceMs = monotonicMs();
    await bed.write(written);
    if (dead) await sleep(3_000);
    else {
      await Promise.all(expected.map((index) => client.seen(`t${index}`, sinceMs)));
      await gone(
        client,
        expected.map((index) => `t${index}`),
      );
    }
    serving = expected;
    if (raw !== undefined)
      await appendFile(
        `${raw}/haproxy-churn.jsonl`,
        `${JSON.stringify({ i, written, ms: monotonicMs() - sinceMs })}\n`,
      );
  }
  const after = client.counts();
  const seconds = (monotonicMs() - startMs) / 1_000;
  const sent = after.sent - before.sent;
  process.stderr.write(
    `${churn} changes in ${seconds.toFixed(1)} s, ${sent} requests, failures ${JSON.stringify(after.errors)}\n`,
  );
  return [
    { figure: 'haproxy.endpoint_failed', value: after.failed - before.failed, unit: 'requests', n: sent },
    { figure: 'haproxy.endpoint_reloads', value: (await reloads()) - counted, unit: 'reloads', n: churn },
    { figure: 'haproxy.endpoint_requests', value: sent, unit: 'requests', n: churn },
    { figure: 'haproxy.endpoint_per_second', value: Math.round(sent / seconds), unit: 'requests/s', n: sent },
  ];
}

interface Written {
  readonly index: number;
  readonly weight?: number;
  readonly state?: 'draining';
}

/** Change number `i` of the churn: what is written, and who shall then answer (and nobody else). */
function nextState(
  i: number,
  serving: readonly number[],
  count: number,
): { readonly targets: readonly Written[]; readonly expected: number[] } {
  const [first = 0] = serving;
  const free = Array.from({ length: count }, (_, k) => (first + 1 + k) % count).filter(
    (index) => !serving.includes(index),
  );
  const [one = 0, two = 1, three = 2] = free;
  const plain = (indexes: readonly number[]) => ({
    targets: indexes.map((index) => ({ index })),
    expected: [...indexes],
  });
  switch (i % 5) {
    case 0:
      return plain([one]);
    case 1:
      return plain([...serving, one, two, three]);
    case 2:
      return { targets: serving.map((index, k) => ({ index, weight: k === 0 ? 5 : 2 })), expected: [...serving] };
    case 3: {
      // The first drains: it is still there and takes nothing new.
      const [drained = 0, ...rest] = serving;
      return { targets: [{ index: drained, state: 'draining' }, ...rest.map((index) => ({ index }))], expected: rest };
    }
    default:
      return plain(serving.slice(0, 1));
  }
}

/** Until a hundred answers in a row came from these targets alone. */
async function gone(client: Load, left: readonly string[]): Promise<void> {
  const others = () =>
    Object.entries(client.counts().targets).reduce(
      (sum, [name, count]) => (left.includes(name) ? sum : sum + count),
      0,
    );
  await waitFor(async () => {
    const [before, start] = [others(), client.counts().ok];
    await waitFor(async () => (client.counts().ok - start >= 100 ? true : undefined));
    return others() === before ? true : undefined;
  });
}

async function waitFor<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = monotonicMs() + 20_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (monotonicMs() > deadline) throw new Error('a change was not seen within 20 s');
    await sleep(5);
  }
}

function portOf(bed: Bed, index: number): number {
  return bed.targets[index] ?? 1;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
