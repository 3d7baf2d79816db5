import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { ExportedService } from '../../../src/model/index.ts';
import { FileState } from '../../../src/sources/file/file-state.ts';
import { makeOcspAuthority, type OcspAuthority } from '../../e2e/haproxy-ocsp-authority.ts';
import { ingress, ingressClass, liveStage, service, serviceOf, slice } from './live-stage.ts';

const dayMs = 86_400_000;
let authority: OcspAuthority;
let pem = '';
let directory = '';
let nowMs = Date.now();

before(() => {
  [authority, directory] = [makeOcspAuthority(), mkdtempSync(join(tmpdir(), 'weir-staple-'))];
  mkdirSync(join(directory, 'services'));
  pem = authority.issue('a.test');
});
after(() => {
  authority.end();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  nowMs = Date.now();
  rmSync(join(directory, 'kept'), { recursive: true, force: true });
  mkdirSync(join(directory, 'kept'));
});

function secret(ocsp?: Buffer, bundle = pem) {
  const text = Buffer.from(bundle).toString('base64');
  const staple = ocsp === undefined ? {} : { 'tls.ocsp': ocsp.toString('base64') };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'front', namespace: 'shop' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': text, 'tls.key': text, ...staple },
  };
}

const objects = [
  ingress('front', 'a.test', { tls: [{ hosts: ['a.test'], secretName: 'front' }] }),
  ingressClass(),
  service('web', { type: 'ClusterIP', loadBalancerClass: undefined }),
  slice('web', ['10.0.0.1']),
];
const stapled = ({ fronts }: ExportedService): string | undefined =>
  fronts.flatMap(({ tls }) => tls?.certs ?? [])[0]?.ocsp?.sha256;

function open(): FileState {
  const config = {
    type: 'file',
    name: 'files',
    paths: [join(directory, 'services')],
    allowTargets: [],
    fileBytes: 1_048_576,
  } as const;
  return new FileState({ config, allowed: [], nowMs: () => nowMs, directory: join(directory, 'kept') });
}

async function read(state: FileState, ...args: Parameters<typeof secret>) {
  writeFileSync(join(directory, 'services/all.json'), JSON.stringify([...objects, secret(...args)]));
  await state.refresh();
  const { services, problems } = state.snapshot;
  const hash = services.map(stapled)[0] ?? '';
  return { text: state.secret(hash), told: problems.map(({ code, message }) => `${code} ${message}`).join() };
}

describe('an OCSP response in a Secret', () => {
  it('that becomes unusable: the last good one is shown until its end, also over a restart, and that is told', async () => {
    const response = authority.respond('a.test', 3);
    const text = response.toString('base64');
    let state = open();
    assert.deepEqual(await read(state, response), { text, told: '' });
    for (const bad of [Buffer.from('no DER'), Buffer.alloc(0)]) {
      const now = await read(state, bad);
      assert.equal(now.text, text);
      assert.match(now.told, /^W_OCSP .*cannot be decoded; its last good one is stapled until \d{4}-\S+Z /);
    }
    await state.save();
    state = open();
    assert.equal((await read(state, Buffer.from('no DER'))).text, text);
    nowMs += 4 * dayMs;
    const ended = await read(state, Buffer.from('still none'));
    assert.equal(ended.text, undefined);
    assert.match(ended.told, /W_OCSP .*cannot be decoded; none is stapled/);
  });

  it('that is taken away, calls the certificate revoked, or is for the one before: no older one is shown', async () => {
    const [response, revoked] = [authority.respond('a.test', 3), authority.respond('a.test', 3, true)];
    const state = open();
    const good = { text: response.toString('base64'), told: '' };
    assert.deepEqual(await read(state, response), good);
    assert.deepEqual(await read(state), { text: undefined, told: '' });
    assert.deepEqual(await read(state, response), good);
    const now = await read(state, revoked);
    assert.equal(now.text, undefined);
    assert.match(now.told, /does not call the certificate good; none is stapled/);
    assert.deepEqual(await read(state, response), good);
    const renewed = await read(state, response, authority.issue('a.test'));
    assert.equal(renewed.text, undefined);
    assert.match(renewed.told, /for another certificate; none is stapled/);
  });

  it('in a living cluster, the same', async (t) => {
    const { cluster, follow } = await liveStage(t);
    for (const object of objects) cluster.put(object);
    const bundle = authority.issue('b.test');
    cluster.put(secret(authority.respond('b.test', 3), bundle));
    const live = follow();
    const first = stapled(serviceOf(await live.read(), 'ingress/shop/front'));
    assert.match(first ?? '', /^[0-9a-f]{64}$/);
    cluster.put(secret(Buffer.from('no DER'), bundle));
    const bad = await live.read();
    assert.equal(stapled(serviceOf(bad, 'ingress/shop/front')), first);
    assert.match(bad.problems.map(({ message }) => message).join(), /last good one is stapled until/);
    assert.notEqual(await live.source.secret({ sha256: first ?? '', origin: '', names: [] }), undefined);
  });
});
