import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate } from '../../../src/cli/demo/certificate.ts';
import { weir } from '../../fakes/weir-process.ts';
import { textOf } from '../../house/tree.ts';
import { readYaml } from './read-yaml.ts';

const example = textOf('deploy/examples/services/guarded.yaml');

test('the example of guards is read, and every feature of it reaches the model', () => {
  // The users of these tests stand in a file of another name.
  const { services, problems } = readYaml(example.replace('./office.users', 'users'));
  assert.deepEqual(problems, []);
  const [office, partners, vault, mail] = services;
  const https = office?.fronts.find(({ port }) => port === 443);
  const filters = [...(https?.filters ?? []), ...(https?.routes ?? []).flatMap((route) => route.filters)];
  assert.deepEqual(
    filters.map(({ type }) => type),
    ['responseHeader', 'basicAuth', 'bodyLimit', 'rateLimit', 'sourceRanges', 'cors'],
  );
  assert.deepEqual([https?.sourceRanges?.length, https?.deniedRanges], [2, ['10.66.0.0/16']]);
  const web = office?.backends.web;
  assert.deepEqual([web?.sendProxy, web?.retries, web?.reuse, web?.tls?.verify], ['v2', 2, 'never', true]);
  assert.equal(partners?.fronts[0]?.tls?.mode, 'mutual');
  assert.equal(vault?.fronts[0]?.tls?.mode, 'passthrough');
  assert.deepEqual([mail?.fronts[0]?.proxyProtocol, mail?.fronts[0]?.maxConnections], [true, 1000]);
});

test('weir validate finds nothing wrong with it for HAProxy, once the files are there', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-guarded-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'guarded.yaml'), example.replace(', ocsp: ./office.pem.ocsp', ''));
  for (const name of ['office', 'partners', 'partners-ca', 'inside']) {
    const { bundlePem } = makeCertificate({ names: [`${name}.shop.test`] });
    const text = /-ca|inside/.test(name)
      ? bundlePem.replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*/, '')
      : bundlePem;
    await writeFile(join(folder, `${name}.pem`), text);
  }
  await writeFile(join(folder, 'office.users'), 'ann:$5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1\n');
  const told = await weir(
    ['validate', '-f', 'guarded.yaml', '--provider', 'haproxy', '--state-dir', join(folder, 'state')],
    folder,
  );
  assert.deepEqual([told.code, told.err], [0, ''], told.out + told.err);
  assert.match(told.out, /4 services/);
});
