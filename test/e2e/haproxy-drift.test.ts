/** Somebody else changes the file or the running state of HAProxy: found within the audit interval, told, put right; no request is lost. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { RuntimeSocket } from '../../providers/haproxy/socket.ts';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import { ask, eventually } from '../fakes/ask.ts';
import { type Stage, startStage, webService } from './fault-stage.ts';

let stage: Stage;
let runtime: RuntimeSocket;
const own = makeCertificate({ names: ['secure.test'] });
const foreign = makeCertificate({ names: ['secure.test'] });

before(async () => {
  stage = await startStage({
    settings: { auditInterval: '1s' },
    before: async (folder) => {
      await writeFile(join(folder, 'services', 'secure.pem'), own.certPem + own.keyPem);
      return {};
    },
  });
  await stage.put('secure.yaml', `${webService('secure', stage.one)}tls: { certificate: ./secure.pem }\n`);
  await stage.put(
    'pair.yaml',
    `name: good/pair\nhttp: [{ host: pair.test }]\ntargets: ["127.0.0.1:${stage.one.port}", "127.0.0.1:${stage.two.port}"]\n`,
  );
  await eventually(
    () => stage.answers('pair.test'),
    (got) => got.startsWith('200'),
    800,
  );
  await stage.settled();
  runtime = new RuntimeSocket(join(stage.directory, 'haproxy.sock'));
});

after(async () => {
  runtime?.close();
  await stage.end();
});

const both = async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 8; i++) seen.add(await stage.answers('pair.test'));
  return seen.size;
};
const shown = () =>
  ask({ address: stage.address, port: 443, host: 'secure.test', tls: { ca: own.certPem } }).then(
    ({ status }) => status === 200,
    () => false,
  );
/** `section/server` of the pair. */
const servers = async () =>
  (await runtime.ask('show servers state'))
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[3]?.endsWith(`_${stage.two.port}`))
    .map((fields) => `${fields[1]}/${fields[3]}`);
const server = async () => (await servers())[0] ?? '';
const routes = async () => /maps\/\S+\.routes\.map/.exec(await runtime.ask('show map'))?.[0] ?? '';
const keyOf = async (host: string) =>
  (await runtime.ask(`show map ${await routes()}`))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .find((key) => key.includes(host)) ?? '';
const run = async (...lines: readonly string[]) => runtime.run(lines.map((line) => ({ line })));

const cases: Readonly<Record<string, { readonly do: () => Promise<unknown>; readonly right: () => Promise<boolean> }>> =
  {
    'a server is disabled': {
      do: async () => run(`disable server ${await server()}`),
      right: async () => (await both()) === 2,
    },
    'a server is drained': {
      do: async () => run(`set server ${await server()} state drain`),
      right: async () => (await both()) === 2,
    },
    'a weight is changed': {
      do: async () => run(`set server ${await server()} weight 0`),
      right: async () => (await both()) === 2,
    },
    'a server is removed': {
      do: async () => {
        const name = await server();
        await run(`set server ${name} state maint`);
        await eventually(
          () => runtime.ask(`del server ${name}`),
          (answer) => answer === 'Server deleted.',
        );
      },
      right: async () => (await both()) === 2,
    },
    'an entry of a map is removed': {
      do: async () => run(`del map ${await routes()} ${await keyOf('pair.test')}`),
      right: async () => (await stage.answers('pair.test')).startsWith('200'),
    },
    'an entry of a map is changed': {
      do: async () => run(`set map ${await routes()} ${await keyOf('pair.test')} nowhere`),
      right: async () => (await stage.answers('pair.test')).startsWith('200'),
    },
    'a certificate is exchanged': {
      do: async () => {
        const list = (await runtime.ask('show ssl crt-list')).split('\n').find((line) => line.startsWith('crt/')) ?? '';
        const lines = (await runtime.ask(`show ssl crt-list -n ${list}`))
          .split('\n')
          .filter((line) => line.startsWith('certs/'));
        for (const path of new Set(lines.map((line) => line.split(':')[0] ?? '')))
          await runtime.run([
            { line: `set ssl cert ${path}`, payload: `${foreign.certPem.trim()}\n${foreign.keyPem.trim()}` },
            { line: `commit ssl cert ${path}` },
          ]);
      },
      right: shown,
    },
  };

for (const [name, { do: change, right }] of Object.entries(cases)) {
  test(`${name}: found, told, put right without a reload`, async () => {
    const [drifts, reloads] = [
      await stage.metric('weir_drift_total'),
      await stage.metric('weir_haproxy_reloads_total'),
    ];
    const words = stage.logs().length;
    await change();
    await eventually(
      () => stage.metric('weir_drift_total'),
      (now) => now > drifts,
      800,
    );
    await stage.settled();
    assert.ok(await right());
    assert.match(stage.logs().slice(words), /HAProxy is not as it was left/);
    assert.ok((await stage.state()).plans.some(({ cause }) => cause === 'drift'));
    assert.equal(await stage.metric('weir_haproxy_reloads_total'), reloads);
  });
}

test('the file is edited: found, told, and as it was', async () => {
  const path = join(stage.directory, 'haproxy.cfg');
  const text = await readFile(path, 'utf8');
  const drifts = await stage.metric('weir_drift_total');
  const words = stage.logs().length;
  await writeFile(path, text.replace('maxconn 2000', 'maxconn 7'));
  await eventually(
    () => readFile(path, 'utf8'),
    (now) => now === text,
    800,
  );
  await eventually(
    () => stage.metric('weir_drift_total'),
    (now) => now > drifts,
  );
  assert.match(stage.logs().slice(words), /haproxy\.cfg was changed by someone else/);
  await stage.settled();
});
