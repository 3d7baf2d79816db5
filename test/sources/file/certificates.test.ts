import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificate } from '../../../src/cli/demo/certificate.ts';
import type { CertRef } from '../../../src/model/service.ts';
import type { Snapshot } from '../../../src/model/source.ts';
import { codesOf, follow, openSource, readNow, temporary } from './open-temporary.ts';

const day = 86_400_000;
const service = (tls: string): string =>
  `name: a/x\nhttp: [{ host: shop.test }]\ntargets: ["10.0.0.1:80"]\ntls: ${tls}\n`;

function certOf(snapshot: Snapshot): CertRef | undefined {
  return snapshot.services[0]?.fronts.flatMap(({ tls }) => tls?.certs ?? [])[0];
}

function make(names: readonly string[] = ['shop.test'], validDays = 30) {
  const now = Date.now();
  return makeCertificate({ names: [...names], notBeforeMs: now - 60 * day, notAfterMs: now + validDays * day });
}

test('one file with chain and key, or two: the same material is the same certificate', async (t) => {
  const root = await temporary(t);
  const made = make(['shop.test', '*.Shop.test']);
  mkdirSync(join(root, 'tls'));
  writeFileSync(join(root, 'tls', 'both.pem'), `comment\n${made.keyPem}${made.certPem}`);
  writeFileSync(join(root, 'tls', 'crt.pem'), made.certPem);
  writeFileSync(join(root, 'tls', 'key.pem'), made.keyPem);
  const file = join(root, 'a.yaml');
  const refs: CertRef[] = [];
  for (const tls of ['{ certificate: tls/both.pem }', '{ certificate: ./tls/crt.pem, key: tls/key.pem }']) {
    writeFileSync(file, service(tls));
    const source = openSource([file]);
    const snapshot = await readNow(source);
    assert.deepEqual(snapshot.problems, []);
    const ref = certOf(snapshot);
    assert.ok(ref);
    refs.push(ref);
    const pem = await source.secret(ref);
    assert.ok(pem);
    assert.equal(createHash('sha256').update(pem).digest('hex'), ref.sha256);
    assert.ok(!JSON.stringify(snapshot).includes('PRIVATE KEY'), 'key material never travels in the model');
  }
  assert.equal(refs[0]?.sha256, refs[1]?.sha256);
  assert.deepEqual(refs[0]?.names, ['shop.test', '*.shop.test']);
});

test('missing, broken, foreign key, expired: told, and plain HTTP is served', async (t) => {
  const root = await temporary(t);
  const [good, stranger, old] = [make(), make(), make(['shop.test'], -1)];
  writeFileSync(join(root, 'broken.pem'), 'not a certificate');
  writeFileSync(join(root, 'mixed.pem'), good.certPem + stranger.keyPem);
  writeFileSync(join(root, 'keyless.pem'), good.certPem);
  writeFileSync(join(root, 'expired.pem'), old.certPem + old.keyPem);
  for (const [name, code] of [
    ['gone.pem', 'E_CERT_MISSING'],
    ['broken.pem', 'E_CERT_INVALID'],
    ['mixed.pem', 'E_CERT_INVALID'],
    ['keyless.pem', 'E_CERT_INVALID'],
    ['expired.pem', 'E_CERT_EXPIRED'],
  ] as const) {
    const file = join(root, 'a.yaml');
    writeFileSync(file, service(`{ certificate: ${name} }`));
    const snapshot = await readNow(openSource([file]));
    assert.deepEqual(codesOf(snapshot), [code], name);
    assert.deepEqual(
      snapshot.services[0]?.fronts.map(({ key }) => key),
      ['80/http'],
    );
    assert.doesNotMatch(JSON.stringify(snapshot), /tls\.(crt|key)|not a certificate|BEGIN/);
  }
});

test('a renewed certificate is swapped while running; a broken one leaves the good one, also over a restart', async (t) => {
  const root = await temporary(t);
  const [first, second] = [make(), make()];
  const pem = join(root, 'shop.pem');
  const file = join(root, 'a.yaml');
  const options = { pollMs: 3_600_000, stateDir: join(root, 'state') };
  writeFileSync(pem, first.certPem + first.keyPem);
  writeFileSync(file, service('{ certificate: shop.pem }'));
  const source = openSource([file], options);
  const before = certOf(await readNow(source));
  const followed = follow(t, source);
  await sleep(20);
  writeFileSync(pem, second.certPem + second.keyPem);
  const renewed = certOf(await followed.until((snapshot) => certOf(snapshot)?.sha256 !== before?.sha256));
  assert.ok(renewed);
  writeFileSync(pem, 'broken');
  const kept = await followed.until(({ problems }) => problems.length > 0);
  assert.equal(certOf(kept)?.sha256, renewed.sha256);
  assert.deepEqual(codesOf(kept), ['E_CERT_INVALID']);
  await followed.stop();
  rmSync(pem);
  const again = openSource([file], options);
  const restarted = await readNow(again);
  assert.equal(certOf(restarted)?.sha256, renewed.sha256);
  assert.deepEqual(codesOf(restarted), ['E_CERT_MISSING']);
  assert.ok((await again.secret(renewed))?.includes('PRIVATE KEY'));
});

test('an expired certificate in service stays and is told; a new expired one is never taken', async (t) => {
  const root = await temporary(t);
  const pem = join(root, 'shop.pem');
  const file = join(root, 'a.yaml');
  const made = make();
  writeFileSync(pem, made.certPem + made.keyPem);
  writeFileSync(file, service('{ certificate: shop.pem }'));
  const stateDir = join(root, 'state');
  const before = certOf(await readNow(openSource([file], { stateDir })));
  const later = openSource([file], { stateDir, nowMs: () => Date.now() + 60 * day });
  const snapshot = await readNow(later);
  assert.equal(certOf(snapshot)?.sha256, before?.sha256);
  assert.deepEqual(codesOf(snapshot), ['E_CERT_EXPIRED']);
  const other = make(['shop.test'], 1);
  writeFileSync(pem, other.certPem + other.keyPem);
  assert.equal(certOf(await readNow(later))?.sha256, before?.sha256);
});

test('authorities of clients: without them the front is left out', async (t) => {
  const root = await temporary(t);
  const made = make();
  const ca = makeCertificate({ names: ['authority'], authority: true });
  writeFileSync(join(root, 'shop.pem'), made.certPem + made.keyPem);
  writeFileSync(join(root, 'ca.pem'), ca.certPem);
  const file = join(root, 'a.yaml');
  writeFileSync(file, service('{ certificate: shop.pem, ca: ca.pem }'));
  const source = openSource([file]);
  const tls = (await readNow(source)).services[0]?.fronts[1]?.tls;
  assert.equal(tls?.mode, 'mutual');
  assert.ok(tls?.ca);
  assert.equal((await source.secret(tls.ca))?.trim(), ca.certPem.trim());
  writeFileSync(file, service('{ certificate: shop.pem, ca: shop2.pem }'));
  const left = await readNow(openSource([file]));
  assert.deepEqual(
    left.services[0]?.fronts.map(({ key }) => key),
    ['80/http'],
  );
});
