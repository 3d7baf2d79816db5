/** Spare backends: what one costs in memory, and that new services and many targets need no reload. */
import { readFile } from 'node:fs/promises';
import type { BenchOptions, Figure, FigureSpec } from './figure.ts';
import { type Edge, freePorts, residentKiB, startEdge, startOrigin, until } from './haproxy/edge.ts';
import { whoAnswers } from './haproxy/probe.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'haproxy.spare_kib', unit: 'KiB', limit: 15, direction: 'lower' },
  { name: 'haproxy.spare_reloads', unit: 'reloads', limit: 0, direction: 'lower' },
];

/** spare-none: no spares are kept while services come. */
export const breaks = ['spare-none'];

export const load =
  'resident memory of the worker with 5,250 spares of all 18 kinds, less that with none; 50 services that come one after the other, one of them grown from 1 to 100 targets';

const many = 1_000;
const fresh = 50;
const grown = 100;

export async function run({ breakName }: BenchOptions): Promise<readonly Figure[]> {
  const origin = await startOrigin({ http: grown, echo: 1 });
  const [port = 0] = await freePorts(1);
  const service = (name: string, ports: readonly number[]) =>
    JSON.stringify({
      name: `bench/${name}`,
      http: { port, rules: [{ hosts: [`${name}.test`], paths: { '/': 'a' } }] },
      backends: { a: ports.map((one) => `127.0.0.1:${one}`) },
    });
  const first = origin.http[0] ?? 0;
  const serving = async (spares: number) => {
    const edge = await startEdge({ services: { 'one.json': service('one', [first]) }, options: { spares } });
    await until('the first service answers', async () => (await whoAnswers(port, 'one.test')) !== undefined);
    return edge;
  };
  try {
    const none = await measure(await serving(0));
    const all = await measure(await serving(many));
    const edge = await serving(breakName === 'spare-none' ? 0 : 2 * fresh);
    try {
      const before = await edge.processes();
      for (let i = 0; i < fresh; i++) {
        await edge.write(`n${i}.json`, service(`n${i}`, [first]));
        await until('a new service answers', async () => (await whoAnswers(port, `n${i}.test`)) !== undefined);
      }
      await edge.write('n0.json', service('n0', origin.http));
      const seen = new Set<string>();
      await until('all targets answer', async () => {
        for (let i = 0; i < grown; i++) seen.add((await whoAnswers(port, 'n0.test')) ?? '');
        return seen.size >= grown;
      });
      const after = await edge.processes();
      return [
        {
          figure: 'haproxy.spare_kib',
          value: Math.round(((all.kiB - none.kiB) / all.spares) * 10) / 10,
          unit: 'KiB',
          n: all.spares,
        },
        { figure: 'haproxy.spare_reloads', value: after.reloads - before.reloads, unit: 'reloads', n: fresh + 1 },
      ];
    } finally {
      await edge.end();
    }
  } finally {
    await origin.end();
  }
}

async function measure(edge: Edge): Promise<{ readonly kiB: number; readonly spares: number }> {
  try {
    const config = await readFile(`${edge.folder}/haproxy/haproxy.cfg`, 'utf8');
    const kiB = residentKiB((await edge.processes()).worker);
    return { kiB, spares: config.match(/^backend sp_/gm)?.length ?? 0 };
  } finally {
    await edge.end();
  }
}
