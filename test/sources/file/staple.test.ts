import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseOcspResponse } from '../../../src/net/index.ts';
import { FileState } from '../../../src/sources/file/file-state.ts';
import { makeOcspAuthority, type OcspAuthority } from '../../e2e/haproxy-ocsp-authority.ts';

let authority: OcspAuthority;
let directory = '';
let nowMs = Date.now();
before(() => {
  [authority, directory] = [makeOcspAuthority(), mkdtempSync(join(tmpdir(), 'weir-staple-'))];
});
after(() => {
  authority.end();
  rmSync(directory, { recursive: true, force: true });
});

const dayMs = 86_400_000;

function open(kept?: string): FileState {
  const config = { type: 'file', name: 'files', paths: [directory], allowTargets: [], fileBytes: 1_048_576 } as const;
  return new FileState({ config, allowed: [], nowMs: () => nowMs, ...(kept === undefined ? {} : { directory: kept }) });
}

function write(name: string, more = ''): void {
  const tls = `{ certificate: ${name}.pem${more} }`;
  const text = `name: shop/web\nhttp: [{ host: ${name}, to: default }]\ntls: ${tls}\ntargets: [10.0.0.1:80]\n`;
  writeFileSync(join(directory, 'web.yaml'), text);
}

const certOf = (state: FileState) =>
  state.snapshot.services[0]?.fronts.find(({ tls }) => tls !== undefined)?.tls?.certs[0];
const told = (state: FileState) => state.snapshot.problems.map(({ code, message }) => `${code} ${message}`);

describe('OCSP responses beside certificates', () => {
  test('taken up, renewed, dropped when it ends or goes', async () => {
    writeFileSync(join(directory, 'a.test.pem'), authority.issue('a.test'));
    write('a.test');
    const state = open();
    await state.refresh();
    assert.deepEqual([certOf(state)?.ocsp, told(state)], [undefined, []]);
    const response = authority.respond('a.test', 3);
    writeFileSync(join(directory, 'a.test.pem.ocsp'), response);
    await state.refresh();
    const { ocsp } = certOf(state) ?? {};
    assert.equal(state.secret(ocsp?.sha256 ?? ''), response.toString('base64'));
    nowMs += 4 * dayMs;
    await state.refresh();
    assert.equal(certOf(state)?.ocsp, undefined);
    assert.match(told(state).join(), /W_OCSP .*was valid until/);
    nowMs -= 4 * dayMs;
    writeFileSync(join(directory, 'a.test.pem.ocsp'), authority.respond('a.test', 5));
    await state.refresh();
    assert.notEqual(certOf(state)?.ocsp?.sha256, ocsp?.sha256);
    assert.deepEqual(told(state), []);
    rmSync(join(directory, 'a.test.pem.ocsp'));
    await state.refresh();
    assert.deepEqual([certOf(state)?.ocsp, told(state)], [undefined, []]);
  });

  test('must-staple without a response warns; a response for another, or that is named and missing, too', async () => {
    writeFileSync(join(directory, 'b.test.pem'), authority.issue('b.test', true));
    write('b.test');
    const state = open();
    await state.refresh();
    assert.match(told(state).join(), /^W_OCSP .*must-staple/);
    authority.issue('c.test');
    writeFileSync(join(directory, 'b.test.pem.ocsp'), authority.respond('c.test', 3));
    await state.refresh();
    assert.match(told(state).join(), /^W_OCSP .*for another certificate.*must-staple/);
    write('b.test', ', ocsp: gone.der');
    await state.refresh();
    assert.match(told(state).join(), /^W_OCSP .*names an OCSP response \(.*gone\.der\) that cannot be read/);
    assert.equal(state.snapshot.services.length, 1);
  });

  test('one that becomes unusable: the last good one stays in force until its end, over a restart too', async () => {
    const memory = mkdtempSync(join(tmpdir(), 'weir-staple-kept-'));
    const path = join(directory, 'e.test.pem.ocsp');
    writeFileSync(join(directory, 'e.test.pem'), authority.issue('e.test'));
    const response = authority.respond('e.test', 5);
    writeFileSync(path, response);
    write('e.test');
    const state = open(memory);
    await state.refresh();
    const { ocsp } = certOf(state) ?? {};
    assert.ok(ocsp);
    for (const [text, reason] of [
      ['garbage', 'cannot be decoded'],
      [authority.respond('a.test', 3), 'for another certificate'],
    ] as const) {
      writeFileSync(path, text);
      await state.refresh();
      assert.deepEqual(certOf(state)?.ocsp, ocsp);
      assert.equal(state.secret(ocsp.sha256), response.toString('base64'));
      const problem = state.snapshot.problems.find(({ code }) => code === 'W_OCSP');
      assert.deepEqual([problem?.severity, problem?.source], ['warning', path]);
      assert.match(problem?.message ?? '', new RegExp(`${reason}.*write it anew before .*last good content stays`));
    }
    await state.save();
    const next = open(memory);
    await next.refresh();
    assert.deepEqual(certOf(next)?.ocsp, ocsp);
    assert.equal(next.secret(ocsp.sha256), response.toString('base64'));
    nowMs += 6 * dayMs;
    await next.refresh();
    nowMs -= 6 * dayMs;
    assert.equal(certOf(next)?.ocsp, undefined);
    assert.match(
      told(next).join(),
      /^W_OCSP .*e\.test\.pem\.ocsp\) for another certificate.*none is stapled; write it anew/,
    );
    rmSync(memory, { recursive: true });
  });

  test('one that says that the certificate is revoked: nothing older is shown instead', async () => {
    writeFileSync(join(directory, 'f.test.pem'), authority.issue('f.test'));
    const path = join(directory, 'f.test.pem.ocsp');
    writeFileSync(path, authority.respond('f.test', 5));
    write('f.test');
    const state = open();
    await state.refresh();
    assert.ok(certOf(state)?.ocsp);
    writeFileSync(path, authority.respond('f.test', 5, true));
    await state.refresh();
    assert.equal(certOf(state)?.ocsp, undefined);
    assert.match(told(state).join(), /does not call the certificate good/);
  });

  test('a response that is cut off anywhere, or changed in any byte of its head, never throws', () => {
    authority.issue('d.test');
    const response = authority.respond('d.test', 3);
    assert.ok(parseOcspResponse(response).ok);
    for (let length = 0; length < response.length; length++)
      assert.ok(!parseOcspResponse(response.subarray(0, length)).ok, String(length));
    for (let at = 0; at < response.length; at++) {
      const changed = Buffer.from(response);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      parseOcspResponse(changed);
    }
  });
});
