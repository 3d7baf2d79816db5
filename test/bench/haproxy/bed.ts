/** The bed of the HAProxy figures: targets, a real `weir run` on a folder, its HAProxy, and a load of new connections from another process. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { freePort } from '../../../src/cli/demo/ports.ts';
import { startWeir, type WeirProcess } from '../../fakes/weir-process.ts';

export interface Bed {
  readonly port: number;
  /** Ports of targets `t0`, `t1`, …; -1 stands for one that nobody listens on. */
  readonly targets: readonly number[];
  readonly weir: WeirProcess;
  /** Writes the service as an editor does: beside, then renamed. `lines` as in weir's own YAML. */
  write(targets: readonly WrittenTarget[]): Promise<void>;
  /** Sum of the samples of a metric whose line begins so. */
  metric(prefix: string): Promise<number>;
  end(): Promise<void>;
}

export interface WrittenTarget {
  readonly port: number;
  readonly weight?: number;
  readonly state?: 'draining';
}

export interface BedOptions {
  readonly targets: number;
  /** Changes the service text: a planted fault. */
  readonly service?: (text: string, write: number) => string;
}

export async function makeBed({ targets: count, service = (text) => text }: BedOptions): Promise<Bed> {
  const folder = await mkdtemp(`${tmpdir()}/weir-bench-`);
  await mkdir(`${folder}/services`);
  const backends = fork(`${import.meta.dirname}/targets.ts`, [String(count)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [targets] = await once(backends, 'message');
  const [port, metrics, api] = [await freePort(), await freePort(), await freePort()];
  let writes = 0;
  const write = async (list: readonly WrittenTarget[]) => {
    const lines = list.map(
      ({ port: target, weight = 1, state }) =>
        `  - { address: 127.0.0.1, port: ${target}, weight: ${weight}${state === undefined ? '' : `, state: ${state}`} }`,
    );
    const text = `name: bench/web\nports: [{ port: ${port}, protocol: http }]\ntargets:\n${lines.join('\n')}\n`;
    const path = `${folder}/services/web.yaml`;
    await writeFile(`${folder}/web.tmp`, service(text, writes++));
    await rename(`${folder}/web.tmp`, path);
  };
  await write([{ port: targets[0] }]);
  await writeFile(
    `${folder}/weir.yaml`,
    JSON.stringify({
      instance: 'bench',
      stateDir: `${folder}/state`,
      sources: [{ type: 'file', paths: ['services'] }],
      balancers: [{ provider: 'haproxy', options: { addresses: ['127.0.0.1'], maxConnections: 4_000 } }],
      metrics: { listen: `127.0.0.1:${metrics}` },
      api: { listen: `127.0.0.1:${api}` },
      onExit: 'stop',
    }),
  );
  const weir = await startWeir(['-c', `${folder}/weir.yaml`], `127.0.0.1:${metrics}`, folder);
  return {
    port,
    targets,
    weir,
    write,
    async metric(prefix) {
      const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
      return text
        .split('\n')
        .filter((line) => line.startsWith(prefix))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
    async end() {
      await weir.stop();
      await endChild(backends);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function endChild(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}
