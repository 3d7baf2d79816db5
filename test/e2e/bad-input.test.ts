/** Bad input on a running weir with the real HAProxy: told with object, field, value and remedy; everything else serves on. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { ask, eventually } from '../fakes/ask.ts';
import { type Echo, startEcho } from '../fakes/echo.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { startWeir, type WeirProcess } from '../fakes/weir-process.ts';
import { type BadCase, badCases } from './bad-input-cases.ts';
import { type Clients, startClients } from './bad-input-clients.ts';
import { bcsService } from './whole-path-objects.ts';

const address = ownAddress();
const metrics = `${address}:8378`;
const api = `${address}:8377`;
let folder = '';
let echo: Echo;
let clients: Clients;
let cases: readonly BadCase[] = [];
let weir: WeirProcess;

const problemShape = z.object({
  code: z.string(),
  severity: z.string(),
  source: z.string(),
  service: z.string().optional(),
  field: z.string().optional(),
  value: z.string().optional(),
  message: z.string(),
  file: z.string().optional(),
});
const stateShape = z.object({ inSync: z.boolean(), problems: z.array(problemShape) });
type Told = z.infer<typeof problemShape>;

const state = async () => stateShape.parse(await (await fetch(`http://${api}/api/v1/state`)).json());
const fileOf = ({ slug, good }: BadCase) => `${slug}.${good.startsWith('[') ? 'json' : 'yaml'}`;
/** Errors that came from the file of a case. */
const about = (one: BadCase, problems: readonly Told[]) =>
  problems.filter(({ severity, file }) => severity === 'error' && file?.endsWith(`/${fileOf(one)}`));

async function put(name: string, text: string | Buffer): Promise<void> {
  const path = join(folder, 'services', name);
  await writeFile(`${path}.tmp~`, text);
  await rename(`${path}.tmp~`, path);
}

const status = async (host: string) => (await ask({ address, port: 80, host })).status;

async function served(one: BadCase, expected: number): Promise<void> {
  const host = `${one.slug}.test`;
  assert.equal(await status(host), expected, one.name);
  if (one.secure) assert.equal((await ask({ address, port: 443, host, tls: {} })).status, expected, one.name);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-bad-'));
  await mkdir(join(folder, 'services'));
  echo = await startEcho('target');
  cases = badCases(echo.port);
  for (let i = 0; i < 3; i++)
    await put(
      `a-good-${i}.yaml`,
      `name: good/s${i}\ncreated: 2020-01-01T00:00:00Z\nhttp: [{ host: good-${i}.test }]\ntargets: ["127.0.0.1:${echo.port}"]\n`,
    );
  for (const one of cases) await put(fileOf(one), one.good);
  const config = join(folder, 'weir.yaml');
  await writeFile(
    config,
    JSON.stringify({
      instance: 'bad-input',
      stateDir: join(folder, 'state'),
      sources: [{ type: 'file', paths: ['services'] }],
      balancers: [{ provider: 'haproxy', options: { addresses: [address] } }],
      metrics: { listen: metrics },
      api: { listen: api },
      onExit: 'stop',
    }),
  );
  weir = await startWeir(['-c', config], metrics, folder);
  await eventually(state, ({ inSync, problems }) => inSync && problems.length === 0);
  clients = startClients(address, ['good-0.test', 'good-1.test', 'good-2.test']);
});

after(async () => {
  await clients?.stop();
  await weir?.stop();
  await echo?.close();
  await rm(folder, { recursive: true, force: true });
});

test('every case is served while it is good', async () => {
  for (const one of cases) await served(one, 200);
});

test('every case is told with object, field, value and remedy, and its last good version serves on', async (t) => {
  for (const one of cases) await put(fileOf(one), one.bad);
  const { problems } = await eventually(state, (got) =>
    cases.every((one) => about(one, got.problems).length > 0),
  ).catch(async () => state());
  for (const one of cases)
    await t.test(one.name, async () => {
      const told = about(one, problems).filter(({ code }) => code === one.told.code);
      const { message, ...fields } = one.told;
      const [first] = told;
      assert.ok(first, `told: ${JSON.stringify(about(one, problems))}`);
      assert.deepEqual({ ...first, ...fields }, first);
      assert.match(first.message, message);
      // What is told may not be in force yet; what stays must never be gone.
      if (one.status !== 200)
        await eventually(
          () => status(`${one.slug}.test`),
          (got) => got === one.status,
        );
      await served(one, one.status);
    });
});

test('a good service changes while all of them are bad', async () => {
  await put('z-new.yaml', `name: good/new\nhttp: [{ host: new.test }]\ntargets: ["127.0.0.1:${echo.port}"]\n`);
  await eventually(
    () => status('new.test'),
    (got) => got === 200,
  );
});

test('one name and port in two namespaces are two services, in both forms', async () => {
  const backends = [{ ip: '127.0.0.1', port: echo.port }];
  const twins = ['east', 'west'].map((namespace) => bcsService(namespace, 'same', `${namespace}.test`, 80, backends));
  await put('twins.json', JSON.stringify(twins));
  const own = ['north', 'south'].map(
    (namespace) =>
      `name: ${namespace}/same\nhttp: [{ host: ${namespace}.test }]\ntargets: ["127.0.0.1:${echo.port}"]\n`,
  );
  await put('twins.yaml', own.join('---\n'));
  for (const host of ['east.test', 'west.test', 'north.test', 'south.test'])
    await eventually(
      () => status(host),
      (got) => got === 200,
    );
});

test('every case works again when it is mended', async () => {
  for (const one of cases) await put(fileOf(one), `${one.good}\n`);
  await eventually(state, ({ inSync, problems }) => inSync && problems.length === 0);
  for (const one of cases) await served(one, 200);
});

test('no request to a good service failed', async () => {
  const { sent, failed } = await clients.stop();
  assert.deepEqual(failed, []);
  assert.ok(sent > 100, `only ${sent} requests`);
});
