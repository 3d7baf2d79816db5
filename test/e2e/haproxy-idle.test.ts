/** Nobody changes anything: whatever is served, an audit finds it as it was left, and HAProxy is not reloaded. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import { eventually } from '../fakes/ask.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { everyFeature } from './every-feature.ts';
import { type Stage, startStage } from './fault-stage.ts';

let stage: Stage;

before(async () => {
  stage = await startStage({
    settings: { auditInterval: '1s' },
    options: {
      trustedProxies: ['10.0.0.0/8'],
      log: 'stdout',
      logFormat: 'json',
      stats: { port: 8404, address: ownAddress() },
      portRange: '5430-5440',
    },
    before: async (folder) => {
      const put = (name: string, text: string) => writeFile(join(folder, 'services', name), text);
      const made = (...names: readonly string[]) => makeCertificate({ names }).bundlePem;
      await put('ended.pem', made('ended.test', '*.mixed.test'));
      await put('mutual.pem', made('mutual.test'));
      await put('ca.pem', makeCertificate({ names: ['ca.test'] }).certPem);
      await put('users', `ann:${execFileSync('openssl', ['passwd', '-5', 'word'], { encoding: 'utf8' })}`);
      return {};
    },
  });
});
after(() => stage.end());

const figures = async () => ({
  reloads: await stage.metric('weir_haproxy_reloads_total'),
  drifts: await stage.metric('weir_drift_total'),
});

/** Waits for audits, of which one in five seconds reads all of HAProxy. */
async function audits(): Promise<void> {
  const seen = new Set<number>();
  await eventually(
    async () => seen.add(await stage.metric('weir_last_audit_timestamp_seconds')),
    ({ size }) => size > 12,
    2_400,
  );
}

test('every feature on one system: several audits find nothing and reload nothing', async () => {
  const files = Object.entries(everyFeature(stage.one));
  for (const [name, text] of files) await stage.put(name, text);
  const { problems } = await stage.told(
    ({ inSync, services }) =>
      inSync &&
      services.length === files.length + 2 &&
      services.every(({ health }) => health === 'ok' || health === 'degraded'),
  );
  assert.deepEqual(problems.map(({ code }) => code).sort(), ['W_FEATURE', 'W_NO_TARGETS']);
  const start = await figures();
  await audits();
  assert.deepEqual(await figures(), start);
});

test('nor does a weir that finds HAProxy running', async () => {
  await stage.restart();
  await stage.settled();
  await audits();
  assert.deepEqual(await figures(), { reloads: 0, drifts: 0 });
});
