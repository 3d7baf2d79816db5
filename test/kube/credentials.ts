/** Who may log in: tokens of a file, client certificates, service accounts; and the kubeconfig files that say it to clients. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A user as a client needs it. `kubeconfig` is the path of a file. */
export interface KubeUser {
  readonly name: string;
  readonly token: string;
  readonly kubeconfig: string;
}

/** A user who shows a certificate instead of a token. */
export interface CertificateUser {
  readonly name: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly kubeconfig: string;
}

/** The issuer that the API server is started with. */
export const issuer = 'https://kubernetes.default.svc';

/** How long after its end the API server honours a token of a service account. */
const graceSeconds = 60;

/** An EC key in SEC1 form: of PKCS#8 the API server cannot derive the public key. */
export function writeServiceAccountKey(path: string): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(path, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
}

/** The API server reads this file once, when it starts. Answers the tokens by user. */
export function writeTokens(
  path: string,
  users: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, string> {
  const tokens = new Map(Object.keys(users).map((name) => [name, randomBytes(16).toString('hex')]));
  const lines = Object.entries(users).map(
    ([name, groups], at) => `${tokens.get(name)},${name},${at + 1},"${groups.join(',')}"\n`,
  );
  writeFileSync(path, lines.join(''), { mode: 0o600 });
  return tokens;
}

/** Writes a kubeconfig with one cluster and one user, and answers its path. JSON is YAML. */
export function writeKubeconfig(
  path: string,
  server: { readonly url: string; readonly caFile: string },
  user: Readonly<Record<string, string>>,
  namespace = 'default',
): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: server.url, 'certificate-authority': server.caFile } }],
    users: [{ name: 'user', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'user', namespace } }],
    'current-context': 'test',
  };
  writeFileSync(path, JSON.stringify(config, undefined, 1), { mode: 0o600 });
  return path;
}

/** A certificate authority for client certificates. Answers the paths of its certificate and key. */
export function makeClientAuthority(directory: string): { readonly certFile: string; readonly keyFile: string } {
  const [certFile, keyFile] = [join(directory, 'client-ca.crt'), join(directory, 'client-ca.key')];
  openssl(['req', '-x509', ...newKey(keyFile), '-subj', '/CN=weir-test-clients', '-days', '2', '-out', certFile]);
  return { certFile, keyFile };
}

/** A client certificate: the user is its common name, the groups are its organizations. */
export function makeClientCertificate(
  directory: string,
  authority: { readonly certFile: string; readonly keyFile: string },
  name: string,
  groups: readonly string[],
): { readonly certFile: string; readonly keyFile: string } {
  const file = join(directory, `client-${randomBytes(4).toString('hex')}`);
  const subject = [...groups.map((group) => `/O=${escapeName(group)}`), `/CN=${escapeName(name)}`].join('');
  openssl(['req', ...newKey(`${file}.key`), '-subj', subject, '-out', `${file}.csr`]);
  openssl([
    ...['x509', '-req', '-in', `${file}.csr`, '-CA', authority.certFile, '-CAkey', authority.keyFile],
    ...['-CAcreateserial', '-days', '1', '-out', `${file}.crt`],
  ]);
  return { certFile: `${file}.crt`, keyFile: `${file}.key` };
}

/**
 * A token of a service account as the API server itself would issue it, but of any lifetime: the server's own are good for ten
 * minutes at least, too long to see one expire. The server honours a token for a minute after its `exp`, which is therefore that much
 * earlier, and up to ten seconds more when it has just seen it.
 */
export function mintServiceAccountToken(
  keyFile: string,
  account: { readonly namespace: string; readonly name: string; readonly uid: string },
  lifetimeSeconds: number,
  nowSeconds = Math.floor(Date.now() / 1000),
): string {
  const claims = {
    iss: issuer,
    aud: [issuer],
    sub: `system:serviceaccount:${account.namespace}:${account.name}`,
    iat: nowSeconds - graceSeconds,
    nbf: nowSeconds - graceSeconds,
    exp: nowSeconds + lifetimeSeconds - graceSeconds,
    'kubernetes.io': {
      namespace: account.namespace,
      serviceaccount: { name: account.name, uid: account.uid },
    },
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'ES256', typ: 'JWT' })}.${part(claims)}`;
  const key = { key: createPrivateKey(readFileSync(keyFile)), dsaEncoding: 'ieee-p1363' } as const;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

function newKey(path: string): readonly string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path];
}

function escapeName(text: string): string {
  return text.replace(/[\\/+=,]/g, '\\$&');
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', [...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}
