import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  actionName,
  backendName,
  certPath,
  defaultCertPath,
  frontendName,
  mapPath,
  parseServerName,
  rangesPath,
  serverName,
} from '../../../providers/haproxy/names.ts';
import { parseAddress } from '../../../src/net/index.ts';

describe('names', () => {
  test('server names are reversible and of characters that the socket allows', () => {
    const port = fc.integer({ min: 1, max: 65_535 });
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), port, (text, number) => {
        const address = parseAddress(text);
        fc.pre(address.ok);
        const name = serverName(address.value, number);
        assert.match(name, /^[A-Za-z0-9_.-]+$/);
        assert.deepEqual(parseServerName(name), { address: address.value, port: number });
      }),
    );
  });

  test('other names are no servers of ours', () => {
    for (const name of [
      '',
      'web1',
      'v4-10.0.0.1',
      'v4-10.0.0.1_0',
      'v4-10.0.0.1_65536',
      'v4-2001-db8--1_80',
      'v6-10.0.0.1_80',
      'v4-010.0.0.1_80',
      'v6-0-0--1_80',
    ]) {
      assert.equal(parseServerName(name), undefined, name);
    }
  });

  test('any id gives a name of plain characters, different ids different names', () => {
    const id = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(id, id, (a, b) => {
        for (const make of [backendName, frontendName, actionName]) {
          assert.match(make(a), /^[abf]_[A-Za-z0-9_-]+$/);
          assert.equal(make(a) === make(b), a === b);
        }
        for (const path of [
          certPath('ab'),
          defaultCertPath(frontendName(a)),
          mapPath(frontendName(a), 'routes'),
          rangesPath([a]),
        ]) {
          assert.match(path, /^(certs|maps)\/[A-Za-z0-9_.-]+$/);
        }
      }),
    );
  });

  test('names remind of what they stand for', () => {
    assert.match(backendName('shop/Web#main'), /^b_shop-web-main_/);
  });
});
