/** What the demo plays on: a temporary folder with the example services and a weir.yaml, back ends, and ports. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BackEnd, startBackEnd } from './back-end.ts';
import { makeCertificate } from './certificate.ts';
import { findPorts } from './ports.ts';

/** Host names of the examples. */
export const hosts = { shop: 'shop.test', branch: 'branch.shop.test', secure: 'secure.test' } as const;

export interface Stage {
  /** The temporary folder. */
  readonly folder: string;
  readonly services: string;
  readonly config: string;
  readonly ports: {
    readonly http: number;
    readonly https: number;
    readonly tcp: number;
    readonly api: number;
    readonly metrics: number;
  };
  readonly backEnds: readonly BackEnd[];
  /** PEM of the certificate of https, to verify it. */
  readonly certificate: string;
  /** One more back end, ended with the others. */
  addBackEnd(name: string): Promise<BackEnd>;
  /** Changes an example file in one write, as an editor does. */
  edit(file: string, change: (text: string) => string): Promise<void>;
  /** Ends the back ends and removes the folder. */
  clear(): Promise<void>;
}

const examples = join(import.meta.dirname, '..', '..', '..', 'deploy', 'examples', 'demo');

/** Builds everything except weir itself. */
export async function buildStage(provider: string): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-demo-'));
  const services = join(folder, 'services');
  const backEnds: BackEnd[] = [];
  const clear = async () => {
    await Promise.all(backEnds.map((backEnd) => backEnd.kill()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await mkdir(services);
    const addBackEnd = async (name: string) => {
      const backEnd = await startBackEnd(name);
      backEnds.push(backEnd);
      return backEnd;
    };
    const [one, two, three] = [await addBackEnd('web-1'), await addBackEnd('web-2'), await addBackEnd('web-3')];
    const [http = 0, https = 0, tcp = 0, api = 0, metrics = 0] = await findPorts([18080, 18443, 15432, 8377, 8378]);
    const { bundlePem, certPem } = makeCertificate({ names: [hosts.secure] });
    await writeFile(join(services, 'secure.pem'), bundlePem, { mode: 0o600 });
    await copyExamples(services, [
      ...([
        [18080, http],
        [18443, https],
        [15432, tcp],
      ] as const),
      ...([
        [19001, one.httpPort],
        [19002, two.httpPort],
        [19003, three.httpPort],
      ] as const),
      ...([
        [19102, two.tcpPort],
        [19103, three.tcpPort],
      ] as const),
    ]);
    const config = join(folder, 'weir.yaml');
    const ports = { http, https, tcp, api, metrics };
    await writeFile(config, configText(folder, provider, ports));
    const edit = async (file: string, change: (text: string) => string) => {
      const path = join(services, file);
      await writeFile(path, change(await readFile(path, 'utf8')));
    };
    return { folder, services, config, ports, backEnds, certificate: certPem, addBackEnd, edit, clear };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** Copies the example services with the ports of today. */
async function copyExamples(to: string, ports: readonly (readonly [number, number])[]): Promise<void> {
  await cp(examples, to, { recursive: true });
  const real = new Map(ports.map(([example, port]) => [String(example), String(port)]));
  for (const name of await readdir(examples)) {
    const path = join(to, name);
    const text = await readFile(path, 'utf8');
    await writeFile(
      path,
      text.replace(/\b1[589]\d{3}\b/g, (number) => real.get(number) ?? number),
    );
  }
}

/** Small enough for the open files that a plain user may have. */
const providerOptions: Readonly<Record<string, object>> = { haproxy: { maxConnections: 500 } };

function configText(folder: string, provider: string, ports: Pick<Stage['ports'], 'api' | 'metrics'>): string {
  return JSON.stringify(
    {
      instance: 'demo',
      stateDir: join(folder, 'state'),
      sources: [{ type: 'file', name: 'examples', paths: [join(folder, 'services')] }],
      balancers: [
        { name: 'demo', provider, options: { addresses: ['127.0.0.1'], ...(providerOptions[provider] ?? {}) } },
      ],
      onExit: 'stop',
      api: { listen: `127.0.0.1:${ports.api}` },
      metrics: { listen: `127.0.0.1:${ports.metrics}` },
      log: { level: 'warn', format: 'text' },
    },
    undefined,
    2,
  );
}
