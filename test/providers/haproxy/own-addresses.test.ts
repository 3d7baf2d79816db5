import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownAddresses } from '../../../providers/haproxy/own-addresses.ts';

test('a wildcard is reached by addresses of its family, by loopback only where there is nothing else at all', () => {
  const lo = [
    { address: '127.0.0.1', family: 'IPv4', internal: true },
    { address: '::1', family: 'IPv6', internal: true },
  ] as const;
  const four = { address: '192.0.2.1', family: 'IPv4', internal: false } as const;
  const six = { address: '2001:db8::1', family: 'IPv6', internal: false } as const;
  const link = { address: 'fe80::1', family: 'IPv6', internal: false } as const;
  assert.deepEqual(ownAddresses('0.0.0.0', [...lo, four, six]), ['192.0.2.1']);
  assert.deepEqual(ownAddresses('::', [...lo, four, six, link]), ['2001:db8::1']);
  assert.deepEqual(ownAddresses('::', [...lo, four, link]), [], 'nobody outside is told ::1');
  assert.deepEqual(ownAddresses('0.0.0.0', [...lo, six]), []);
  assert.deepEqual([ownAddresses('0.0.0.0', lo), ownAddresses('::', [...lo, link])], [['127.0.0.1'], ['::1']]);
});
