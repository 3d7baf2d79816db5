/** The churn: a world of services under every kind of load, changed at random, each change seen in traffic before the next. */
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../client/monotonic.ts';
import type { LoadSpec } from '../client/swarm-words.ts';
import { makeCertificate } from './certificate.ts';
import { type Edge, freePorts, type Origin, startEdge, startOrigin, until } from './edge.ts';
import { accepts, whichCertificate, whoAnswers } from './probe.ts';
import { type Swarm, startSwarm } from './swarm.ts';
import { type Change, indexes, World } from './world.ts';

export interface Churn {
  readonly edge: Edge;
  readonly origin: Origin;
  readonly swarm: Swarm;
  readonly world: World;
  /** Makes a change and waits until traffic shows it; tells how long that took. */
  make(change: Change): Promise<number>;
  end(): Promise<void>;
}

export interface ChurnOptions {
  readonly seed: number;
  readonly raw?: string | undefined;
  readonly options?: Readonly<Record<string, unknown>>;
  /** The loads beside the streams; default: `usualLoads`. */
  readonly loads?: (to: LoadPorts) => readonly LoadSpec[];
}

export interface LoadPorts {
  readonly port: number;
  readonly tlsPort: number;
  /** Of every certificate that occurs. */
  readonly ca: string;
}

export const main = [{ authority: 'main.test' }];

function usualLoads({ port, tlsPort, ca }: LoadPorts): readonly LoadSpec[] {
  return [
    { name: 'new', kind: 'new', port, connections: 32, perSecond: 600, asks: main },
    { name: 'hosts', kind: 'new', port, connections: 16, perSecond: 100, asks: main },
    { name: 'posts', kind: 'pool', port, connections: 64, perSecond: 1_200, asks: main, blind: true },
    { name: 'tls', kind: 'new', port: tlsPort, connections: 16, perSecond: 30, asks: main, ca },
  ];
}

/** Of weir's log, when a change is not seen. */
const logLines = 30;

/** Longest that a request of ours is under way when all is well. */
const lastRequestMs = 100;

export async function startChurn({ seed, raw, options, loads: makeLoads = usualLoads }: ChurnOptions): Promise<Churn> {
  const origin = await startOrigin({ http: indexes.count, echo: 4 });
  const [port = 0, tlsPort = 0, tcpPort = 0, sparePort = 0] = await freePorts(4);
  const certificate = makeCertificate('main.test');
  const certificates = Array.from({ length: 6 }, (_, k) => [0, 1, 2].map(() => makeCertificate(`c${k}.test`)));
  const { http, echo } = origin;
  const world = new World({
    port,
    tlsPort,
    tcpPort,
    sparePort,
    http,
    echo,
    certificate,
    certificates,
    random: seeded(seed),
  });
  const edge = await startEdge({ services: world.files(), ...(options === undefined ? {} : { options }) });
  const ca = [certificate, ...certificates.flat()].map((one) => one.certificate).join('');
  const loads: readonly LoadSpec[] = [
    ...makeLoads({ port, tlsPort, ca }),
    { name: 'pings', kind: 'ping', port: tcpPort, connections: 25, perSecond: 125 },
    { name: 'chunks', kind: 'chunks', port, connections: 25, perSecond: 1, asks: [{ authority: 'stream.test' }] },
  ];
  const swarm = await startSwarm({ loads, ...(raw === undefined ? {} : { raw }) });
  const tell = () => {
    const asks = world.asks();
    swarm.ask('hosts', asks.length > 0 ? asks : main);
    swarm.ask('tls', world.tlsAsks());
  };
  await swarm.until('streams', () => swarm.load('pings').open + swarm.load('chunks').open === 50);
  return {
    edge,
    origin,
    swarm,
    world,
    async make(change) {
      if (change.shrinks) {
        tell();
        await sleep(lastRequestMs);
      }
      const startMs = monotonicMs();
      for (const [name, content] of Object.entries(change.files))
        if (content !== undefined) await edge.write(name, content);
      for (const [name, content] of Object.entries(change.files)) if (content === undefined) await edge.remove(name);
      try {
        await see(change, startMs, { swarm, port, tlsPort });
      } catch (error) {
        process.stderr.write(`${edge.weir.text().split('\n').slice(-logLines).join('\n')}\n`);
        throw error;
      }
      const ms = monotonicMs() - startMs;
      tell();
      if (raw !== undefined)
        await appendFile(`${raw}/changes.jsonl`, `${JSON.stringify({ startMs, ms, what: change.what })}\n`);
      return ms;
    },
    async end() {
      await swarm.stop();
      await edge.end();
      await origin.end();
    },
  };
}

interface View {
  readonly swarm: Swarm;
  readonly port: number;
  readonly tlsPort: number;
}

async function see({ sign, what }: Change, sinceMs: number, { swarm, port, tlsPort }: View): Promise<void> {
  switch (sign.by) {
    case 'load':
      return swarm.settled(['new', 'posts'], sign.targets, sinceMs);
    case 'question':
      return until(`${what} ${sign.host}${sign.path}`, async () => {
        const target = await whoAnswers(port, sign.host, sign.path);
        return sign.targets === undefined
          ? target === undefined
          : target !== undefined && sign.targets.includes(target);
      });
    case 'certificate':
      return until(
        `${what} ${sign.host}`,
        async () => ((await whichCertificate(tlsPort, sign.host)) === sign.fingerprint) !== sign.gone,
      );
    case 'port':
      return until(what, async () => (await accepts(sign.port)) === sign.open);
    case 'nothing':
      return;
  }
}

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
