/** Which certificate a real HAProxy shows for which name. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import { cert, https, route, service } from '../front/make-service.ts';
import { type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

/** By the first two digits of the hash: the common name tells which one was shown. */
const pems: Readonly<Record<string, string>> = {
  aa: makeCertificate({ names: ['a.example', 'both.example', '*.wild.example'] }).bundlePem,
  bb: makeCertificate({ names: ['b.example', 'both.example', 'one.wild.example'] }).bundlePem,
};

const older = cert('aa', ['a.example', 'both.example', '*.wild.example'], { hosts: ['a.example', '*.wild.example'] });
const younger = cert('bb', ['b.example', 'both.example', 'one.wild.example']);
const services = [
  service('a/older', [https([route(['a.example'])], [older])], { createdMs: 1 }),
  service('a/younger', [https([route(['b.example'])], [younger])], { createdMs: 2 }),
];

describe('certificates', () => {
  let proxy: RunningProxy | undefined;
  before(async () => {
    proxy = await startProxy(services, {}, (sha256) => pems[sha256.slice(0, 2)] ?? '');
  });
  after(async () => {
    await proxy?.stop();
  });

  for (const [name, shown, why] of [
    ['a.example', 'a.example', 'its own'],
    ['b.example', 'b.example', 'its own'],
    ['B.EXAMPLE', 'b.example', 'in any case'],
    ['both.example', 'b.example', 'the default certificate has the name too, but may not be used for it'],
    ['x.wild.example', 'a.example', 'wildcard'],
    ['one.wild.example', 'b.example', 'exact before wildcard'],
    ['x.y.wild.example', 'a.example', 'no wildcard over two labels: the default'],
    ['unknown.example', 'a.example', 'the default'],
    [undefined, 'a.example', 'no name: the default'],
  ] as const) {
    test(`${name ?? 'no name'} is shown ${shown} (${why})`, async () => {
      assert.equal(await shownFor(name), shown);
    });
  }

  test('HTTP/2 and HTTP/1.1 are offered, TLS 1.1 is not spoken', async () => {
    const socket = open('a.example', { ALPNProtocols: ['h2', 'http/1.1'] });
    await once(socket, 'secureConnect');
    assert.equal(socket.alpnProtocol, 'h2');
    socket.destroy();
    const old = open('a.example', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
    await assert.rejects(once(old, 'secureConnect'));
  });

  for (const [ciphers, spoken] of [
    ['ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256', true],
    ['ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-CHACHA20-POLY1305', true],
    ['ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384', false],
    ['AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA', false],
  ] as const) {
    test(`TLS 1.2 with ${ciphers}: ${spoken ? 'spoken' : 'refused'}`, async () => {
      const socket = open('a.example', { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` });
      const agreed = once(socket, 'secureConnect');
      if (spoken) await agreed;
      else await assert.rejects(agreed);
      socket.destroy();
    });
  }

  function open(servername: string | undefined, more: object = {}) {
    assert.ok(proxy !== undefined);
    const name = servername === undefined ? {} : { servername };
    return connect({ host: '127.0.0.1', port: proxy.port, rejectUnauthorized: false, ...name, ...more });
  }

  async function shownFor(name: string | undefined): Promise<string> {
    const socket = open(name);
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return String(subject.CN);
  }
});
