import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FakeAws } from '../fakes/aws/index.ts';
import { type Seeded, seed } from '../fakes/aws/seed.ts';
import type { Finished } from '../fakes/weir-process.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** A user with a folder of manifests and an account that answers over HTTP, and the real `weir` between them. */
export class AwsUser {
  readonly aws: FakeAws;
  readonly seeded: Seeded;
  readonly folder: string;
  readonly #server: Awaited<ReturnType<FakeAws['listen']>>;

  private constructor(aws: FakeAws, folder: string, server: Awaited<ReturnType<FakeAws['listen']>>) {
    this.aws = aws;
    this.folder = folder;
    this.#server = server;
    this.seeded = seed(aws);
  }

  static async start(): Promise<AwsUser> {
    const aws = new FakeAws({
      timings: { loadBalancer: { ms: 2_500 }, target: { ms: 500 }, interfaces: { ms: 500 } },
    });
    const folder = await mkdtemp(join(tmpdir(), 'weir-awselb-'));
    await mkdir(join(folder, 'manifests'));
    return new AwsUser(aws, folder, await aws.listen());
  }

  /** Writes manifests, in one JSON list. */
  async put(name: string, manifests: readonly unknown[]): Promise<void> {
    await writeFile(join(this.folder, 'manifests', `${name}.json`), JSON.stringify(manifests));
  }

  /** `weir COMMAND -f manifests -c weir.yaml …` in the folder; `env` beside or in place of a user's usual one. */
  async weir(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    const config = {
      stateDir: './state',
      balancers: [{ name: 'aws', provider: 'awselb', options: { clusterName: 'test', vpcId: this.seeded.vpc } }],
    };
    await writeFile(join(this.folder, 'weir.yaml'), JSON.stringify(config));
    const child = spawn(process.execPath, [main, ...args, '-f', 'manifests', '-c', 'weir.yaml'], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: this.folder,
        AWS_ENDPOINT_URL: this.#server.url,
        AWS_REGION: this.aws.world.region,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_EC2_METADATA_DISABLED: 'true',
        ...env,
      },
    });
    const texts = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      texts.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      texts.err += text;
    });
    await once(child, 'close');
    return { code: child.exitCode, ...texts };
  }

  /** Names of load balancers, target groups and security groups that carry the cluster's tag. */
  ours(): readonly string[] {
    const { elb, ec2 } = this.aws.world;
    const tagged = ({ tags }: { readonly tags: ReadonlyMap<string, string> }) =>
      tags.get('elbv2.k8s.aws/cluster') === 'test';
    return [
      ...[...elb.loadBalancers.all()].filter(tagged).map(({ name }) => name),
      ...[...elb.targetGroups.all()].filter(tagged).map(({ name }) => name),
      ...[...ec2.securityGroups.all()].filter(tagged).map(({ GroupName }) => GroupName),
    ];
  }

  async end(): Promise<void> {
    await this.#server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
