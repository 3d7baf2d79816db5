import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { connect, createServer } from 'node:tls';
import { makeCertificate } from '../../../src/cli/demo/certificate.ts';
import { listen } from '../../fakes/listen.ts';

describe('makeCertificate', () => {
  it('is read by node:crypto with its names, dates and key', () => {
    const made = makeCertificate({
      names: ['shop.test', '*.shop.test', '127.0.0.1', '2001:db8::7', '::ffff:10.0.0.1'],
    });
    const read = new X509Certificate(made.certPem);
    assert.equal(read.subject, 'CN=shop.test');
    assert.equal(read.checkHost('shop.test'), 'shop.test');
    assert.equal(read.checkHost('a.shop.test'), '*.shop.test');
    assert.equal(read.checkHost('other.test'), undefined);
    assert.equal(read.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(read.checkIP('2001:db8::7'), '2001:db8::7');
    assert.equal(read.ca, false);
    assert.ok(read.checkPrivateKey(createPrivateKey(made.keyPem)));
    assert.ok(read.verify(read.publicKey), 'self-signed');
  });

  it('has the asked validity, also beyond 2049', () => {
    const notAfterMs = Date.UTC(2060, 1, 2, 3, 4, 5);
    const read = new X509Certificate(
      makeCertificate({ names: ['a.test'], notBeforeMs: Date.UTC(2001, 0, 1), notAfterMs }).certPem,
    );
    assert.equal(read.validFromDate.getTime(), Date.UTC(2001, 0, 1));
    assert.equal(read.validToDate.getTime(), notAfterMs);
  });

  it('signs others that a TLS client trusts through the authority', async (t) => {
    const ca = makeCertificate({ names: ['test authority'], authority: true });
    const leaf = makeCertificate({ names: ['localhost', '127.0.0.1'], issuer: ca });
    assert.ok(new X509Certificate(leaf.certPem).checkIssued(new X509Certificate(ca.certPem)));
    const server = createServer({ cert: leaf.certPem, key: leaf.keyPem }, (socket) => socket.end('hello'));
    const port = await listen(server);
    t.after(() => server.close());
    const client = connect({ port, host: '127.0.0.1', ca: ca.certPem });
    t.after(() => client.destroy());
    await once(client, 'secureConnect');
    assert.equal(client.authorized, true);
    const stranger = connect({
      port,
      host: '127.0.0.1',
      ca: makeCertificate({ names: ['x'], authority: true }).certPem,
    });
    await assert.rejects(once(stranger, 'secureConnect'));
    stranger.destroy();
  });
});
