/** An authority with an OCSP responder's voice, made by openssl in a directory of its own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface OcspAuthority {
  readonly directory: string;
  readonly certificate: string;
  /** Certificate, issuer, key. */
  issue(name: string, mustStaple?: boolean): string;
  /** A response in DER for a certificate issued before. */
  respond(name: string, days: number, revoked?: boolean): Buffer;
  end(): void;
}

export function makeOcspAuthority(): OcspAuthority {
  const directory = mkdtempSync(join(tmpdir(), 'weir-ocsp-'));
  const run = (...args: readonly string[]): string =>
    execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const read = (file: string): string => readFileSync(join(directory, file), 'utf8');
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  run('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA', '-days', '30');
  return {
    directory,
    certificate: read('ca.pem'),
    issue(name, mustStaple = false) {
      run('req', ...ec, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      writeFileSync(
        join(directory, `${name}.ext`),
        `subjectAltName=DNS:${name}\n${mustStaple ? 'tlsfeature=status_request\n' : ''}`,
      );
      const from = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '20', '-extfile', `${name}.ext`];
      run('x509', '-req', '-in', `${name}.csr`, ...from, '-out', `${name}.pem`);
      return read(`${name}.pem`) + read('ca.pem') + read(`${name}.key`);
    },
    respond(name, days, revoked = false) {
      const [, serial = ''] = run('x509', '-in', `${name}.pem`, '-serial', '-noout').trim().split('=');
      writeFileSync(
        join(directory, 'index.txt'),
        `${revoked ? 'R' : 'V'}\t301231235959Z\t${revoked ? '261101000000Z' : ''}\t${serial}\tunknown\t/CN=${name}\n`,
      );
      const signer = ['-index', 'index.txt', '-CA', 'ca.pem', '-rsigner', 'ca.pem', '-rkey', 'ca.key'];
      const about = ['-issuer', 'ca.pem', '-cert', `${name}.pem`];
      run('ocsp', ...signer, ...about, '-ndays', String(days), '-respout', 'response.der');
      return readFileSync(join(directory, 'response.der'));
    },
    end: () => rmSync(directory, { recursive: true, force: true }),
  };
}
