/** TLS by our annotations: clients with certificates of a Secret's authority, TLS that is passed through by name, OCSP out of a Secret. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { connect, createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { listen } from '../fakes/listen.ts';
import { exchange, type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';
import { readYaml } from '../sources/kubernetes/read-yaml.ts';
import { makeOcspAuthority, type OcspAuthority } from './haproxy-ocsp-authority.ts';

const web = createServer((request, response) => {
  request.resume();
  response.end('web');
});
let [webPort, innerPort] = [0, 0];
let inner: TlsServer;
let authority: OcspAuthority;
let pems: Readonly<Record<'server' | 'client' | 'inner', string>>;
before(async () => {
  authority = makeOcspAuthority();
  pems = {
    server: authority.issue('verified.test'),
    client: authority.issue('client.test'),
    inner: authority.issue('passed.test'),
  };
  inner = createTlsServer({ cert: pems.inner, key: pems.inner }, (socket) => {
    socket.on('error', () => undefined);
    socket.end(`inner ${String(socket.servername)}`);
  });
  [webPort, innerPort] = [await listen(web), await listen(inner)];
});
after(() => {
  authority.end();
  web.close();
  inner.close();
});

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

function objects(name: string, port: number, annotations: string, tls = ''): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ports: [{ name: web, port: 80 }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: ${name}, namespace: shop }
subsets: [{ addresses: [{ ip: 127.0.0.1 }], ports: [{ name: web, port: ${port} }] }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name}, namespace: shop, annotations: { ${annotations} } }
spec:
  ${tls}
  rules:
    - host: ${name}.test
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: ${name}, port: { number: 80 } } } }] }
---`;
}

const secret = (name: string, data: Readonly<Record<string, string>>): string => `
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: shop }
data: ${JSON.stringify(data)}
---`;

const read = (text: string) => readYaml(text, { allowTargets: ['127.0.0.0/8'], nowMs: Date.now() });

describe('TLS by annotations', () => {
  const running: RunningProxy[] = [];
  after(async () => {
    for (const proxy of running) await proxy.stop();
  });

  async function start(text: string, protocol: string): Promise<number> {
    const { services, problems, secrets } = read(text);
    assert.deepEqual(problems, []);
    // All fronts of a test proxy stand at one port: those of one protocol are served here.
    const placed = services.map((one) => ({
      ...one,
      fronts: one.fronts.filter((front) => front.protocol === protocol),
    }));
    const proxy = await startProxy(placed, {}, (sha256) => secrets.get(sha256) ?? '');
    running.push(proxy);
    return proxy.port;
  }

  const verified = (): string =>
    secret('cert', { 'tls.crt': base64(pems.server), 'tls.key': base64(pems.server) }) +
    secret('clients', { 'ca.crt': base64(authority.certificate) }) +
    objects(
      'verified',
      webPort,
      'weir-lb.dev/client-ca-secret: clients',
      'tls: [{ hosts: [verified.test], secretName: cert }]',
    );

  test('client-ca-secret: who shows no certificate gets in nowhere, not at the plain port either', async () => {
    const text = verified();
    const port = await start(text, 'https');
    const ask = (withCertificate: boolean) =>
      new Promise<string>((resolve, reject) => {
        const own = withCertificate ? { cert: pems.client, key: pems.client } : {};
        const common = { host: '127.0.0.1', port, servername: 'verified.test', rejectUnauthorized: false };
        const socket = connect({ ...common, ...own }, () =>
          socket.write('GET / HTTP/1.1\r\nHost: verified.test\r\nConnection: close\r\n\r\n'),
        );
        let answer = '';
        socket.on('data', (chunk) => {
          answer += String(chunk);
        });
        socket.on('end', () => resolve(answer));
        socket.on('error', reject);
      });
    assert.match(await ask(true), /^HTTP\/1\.1 200 .*web$/s);
    await assert.rejects(ask(false));
    const plain = await start(text, 'http');
    const { head } = await exchange(plain, ['GET / HTTP/1.1', 'Host: verified.test']);
    assert.match(head, /^HTTP\/1\.1 308 .*location: https:\/\/verified\.test\//is);
  });

  test('client-ca-secret without a usable authority or certificate: nothing is served, and told', async () => {
    const text = verified();
    for (const [part, code] of [
      ['clients', 'E_CERT_MISSING'],
      ['cert', 'E_CERT_MISSING'],
    ] as const) {
      const { services, codes } = read(text.replace(`name: ${part}, namespace`, 'name: gone, namespace'));
      assert.deepEqual(services, []);
      assert.ok(codes.includes(code), codes.join());
    }
  });

  test('tls-passthrough: the target itself ends TLS, chosen by the name', async () => {
    const text = objects('passed', innerPort, 'weir-lb.dev/tls-passthrough: "true"');
    const port = await start(text, 'tls');
    const socket = connect({ host: '127.0.0.1', port, servername: 'passed.test', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    assert.equal(socket.getPeerCertificate().subject.CN, 'passed.test');
    const [chunk] = await once(socket, 'data');
    assert.equal(String(chunk), 'inner passed.test');
    socket.destroy();
    const other = connect({ host: '127.0.0.1', port, servername: 'other.test', rejectUnauthorized: false });
    await assert.rejects(once(other, 'secureConnect'));
    const { services, codes } = read(text.replace('"true"', '"true", weir-lb.dev/rate-limit: "5"'));
    assert.deepEqual([services, codes], [[], ['E_ANNOTATION_VALUE']]);
  });

  test('tls.ocsp of a Secret is stapled', async () => {
    const data = { 'tls.crt': base64(pems.server), 'tls.key': base64(pems.server) };
    const response = authority.respond('verified.test', 5);
    const tls = 'tls: [{ hosts: [verified.test], secretName: cert }]';
    const port = await start(
      secret('cert', { ...data, 'tls.ocsp': base64(response) }) + objects('verified', webPort, '', tls),
      'https',
    );
    const script = `openssl s_client -connect 127.0.0.1:${port} -servername verified.test -status < /dev/null 2>/dev/null`;
    const { stdout } = await promisify(execFile)('sh', ['-c', script]);
    assert.match(stdout, /Cert Status: good/);
    const { problems } = read(
      secret('cert', { ...data, 'tls.ocsp': base64('no DER') }) + objects('verified', 1, '', tls),
    );
    assert.deepEqual(
      problems.map(({ code, severity }) => `${code} ${severity}`),
      ['W_OCSP warning'],
    );
  });
});
