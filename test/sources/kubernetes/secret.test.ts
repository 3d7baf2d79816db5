import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { parseSecret } from '../../../src/sources/kubernetes/secret.ts';
import { locate, options } from './read-yaml.ts';
import { certificateFor, tlsSecret } from './tls-secret.ts';

const authority = certificateFor(['Test CA'], { authority: true });
const leaf = certificateFor(['A.test', '*.b.test', '192.0.2.1'], { issuer: authority });

function read(text: string): ReturnType<typeof parseSecret> {
  const [located] = locate(text);
  if (located === undefined) throw new Error('no document');
  return parseSecret(located, options);
}

function certificate(text: string): { pem?: string; names?: readonly string[]; reason?: string } {
  const parsed = read(text).view?.certificate;
  if (parsed === undefined) return {};
  return parsed.ok ? { pem: parsed.value.pem, names: parsed.value.names } : { reason: parsed.reason };
}

describe('bundle', () => {
  const canonical = leaf.certPem + authority.certPem + leaf.keyPem;

  test('chain in order, then key; names in lower case, addresses left out', () => {
    assert.deepEqual(certificate(tlsSecret('t', leaf.certPem + authority.certPem, leaf.keyPem)), {
      pem: canonical,
      names: ['a.test', '*.b.test'],
    });
  });

  test('the same material in another layout has the same hash', () => {
    const messy = `subject=CN=a.test\r\n${leaf.certPem.replaceAll('\n', '\r\n')}\r\n# comment\n${authority.certPem}`;
    assert.equal(certificate(tlsSecret('t', messy, `Bag Attributes\n${leaf.keyPem}\n\n`)).pem, canonical);
  });

  test('Opaque and stringData', () => {
    assert.equal(certificate(tlsSecret('t', leaf.certPem + authority.certPem, leaf.keyPem, 'Opaque')).pem, canonical);
    const plain = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 't' },
      stringData: { 'tls.crt': leaf.certPem + authority.certPem, 'tls.key': leaf.keyPem },
      data: { 'tls.key': 'AAAA' },
    };
    const view = parseSecret({ object: plain, file: '', document: 1, line: 1 }, options).view;
    assert.equal(view?.certificate.ok === true ? view.certificate.value.pem : '', canonical);
  });

  test('PKCS #1 and SEC 1 keys', () => {
    const sec1 = leaf.key.export({ type: 'sec1', format: 'pem' }).toString();
    assert.match(certificate(tlsSecret('t', leaf.certPem, sec1)).pem ?? '', /EC PRIVATE KEY/);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    assert.match(certificate(tlsSecret('t', leaf.certPem, pkcs1)).reason ?? '', /key that does not belong/);
  });

  test('encrypted, doubled and reversed', () => {
    const encrypted = leaf.key
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString();
    assert.match(certificate(tlsSecret('t', leaf.certPem, encrypted)).reason ?? '', /encrypted/);
    assert.match(
      certificate(tlsSecret('t', leaf.certPem, leaf.keyPem + leaf.keyPem)).reason ?? '',
      /more than one key/,
    );
    assert.match(
      certificate(tlsSecret('t', authority.certPem + leaf.certPem, leaf.keyPem)).reason ?? '',
      /key that does not belong to the first certificate/,
    );
  });

  test('Secrets of other types give no view and no problem', () => {
    const token =
      'apiVersion: v1\nkind: Secret\nmetadata: { name: t }\ntype: kubernetes.io/service-account-token\ndata: { token: c2VjcmV0 }';
    assert.deepEqual(read(token), { problems: [] });
  });

  test('an Opaque Secret without a certificate says so only where one is needed', () => {
    const { view, problems } = read(
      'apiVersion: v1\nkind: Secret\nmetadata: { name: t }\ndata: { password: c2VjcmV0 }',
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(view?.certificate, { ok: false, code: 'E_CERT_INVALID', reason: 'has no tls.crt' });
  });

  test('no value of a Secret is ever shown', () => {
    const { problems } = read('apiVersion: v1\nkind: Secret\nmetadata: { name: "../x" }\ndata: [hidden]');
    assert.equal(problems.length, 1);
    assert.ok(!JSON.stringify(problems).includes('hidden'));
    assert.equal(problems[0]?.value, undefined);
  });
});
