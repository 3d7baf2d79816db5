import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LocatedObject } from '../../../src/model/located.ts';
import type { CertRef } from '../../../src/model/service.ts';
import { accept } from '../../../src/net/index.ts';
import { Objects } from '../../../src/sources/file/objects.ts';
import { ObjectReader, readAuthorities, readCertificateFacts, sha256 } from '../../../src/sources/kubernetes/index.ts';

function open() {
  let asked = 0;
  let version = 0;
  let cert: CertRef = { sha256: 'a'.repeat(64), origin: 'file a', names: [] };
  let answer = accept(cert);
  const objects = new Objects({
    weir: {
      source: 'files',
      allowed: [],
      certificates: {
        certificate: () => {
          asked++;
          return answer;
        },
        staple: () => undefined,
        authority: () => answer,
        users: () => answer,
      },
    },
    certificatesVersion: () => version,
    bcs: { source: 'files', allowed: [] },
    kubernetes: new ObjectReader({
      source: 'files',
      nowMs: 0,
      hash: sha256,
      certificate: readCertificateFacts,
      authorities: readAuthorities,
    }),
  });
  return {
    objects,
    asked: () => asked,
    renew(names: readonly string[]) {
      version++;
      cert = { ...cert, names };
      answer = accept(cert);
    },
    pretend: () => {
      version++;
    },
  };
}

const object = (name: string): LocatedObject => ({
  object: {
    name: `a/${name}`,
    http: [{ host: `${name}.test` }],
    targets: ['10.0.0.1:80'],
    tls: { certificate: 'a.pem' },
  },
  file: '/a.yaml',
  document: 1,
  line: 1,
});

test('what was prepared is what is read, each object once, one with each step', () => {
  const { objects, asked } = open();
  const list = ['x', 'y', 'z'].map(object);
  const steps = objects.prepare(list);
  let count = 0;
  while (steps.next().done !== true) count++;
  assert.equal(count, 3);
  const once = asked();
  const read = objects.read(list, 0);
  assert.equal(asked(), once, 'nothing is asked for again');
  assert.deepEqual(
    read.services.map(({ id }) => id),
    ['a/x', 'a/y', 'a/z'],
  );
  const more = [...list.slice(0, 1), object('new'), ...list.slice(1)];
  assert.equal([...objects.prepare(more)].length, 1, 'only what is new');
  const again = objects.read(more, 0);
  assert.equal(again.services[0], read.services[0]);
  assert.equal(again.services[3], read.services[2]);
  assert.deepEqual([...objects.prepare(more)], []);
});

test('certificates are asked for again only when one may be another', () => {
  const { objects, asked, pretend, renew } = open();
  const list = ['x', 'y'].map(object);
  const before = objects.read(list, 0);
  const once = asked();
  objects.read(list, 0);
  assert.equal(asked(), once);
  pretend();
  const same = objects.read(list, 0);
  assert.ok(asked() > once);
  assert.equal(same.services[0], before.services[0], 'the same answers are the same service');
  renew(['shop.test']);
  const renewed = objects.read(list, 0);
  const certs = renewed.services.map(({ fronts }) => fronts.flatMap(({ tls }) => tls?.certs ?? []));
  assert.deepEqual(
    certs.map(([cert]) => cert?.names),
    [['shop.test'], ['shop.test']],
  );
});
