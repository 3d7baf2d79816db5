/** OCSP responses as a real HAProxy shows them: put on, renewed and taken off without a reload, kept over one, never a wrong one. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Attrs, Member, Resource, Session } from '../../src/model/index.ts';
import { makeOcspAuthority, type OcspAuthority } from './haproxy-ocsp-authority.ts';
import {
  backend,
  freePort,
  frontend,
  type Rig,
  settings,
  signal,
  startRig,
  startTarget,
  type Target,
  until,
} from './haproxy-rig.ts';

let rig: Rig;
let session: Session;
let target: Target;
let authority: OcspAuthority;
let port = 0;
let pem = '';
before(async () => {
  [rig, target, port, authority] = [await startRig(), await startTarget('t'), await freePort(), makeOcspAuthority()];
  session = await rig.open();
  pem = rig.secret(authority.issue('shop.test'));
});
after(async () => {
  await rig.end();
  await target.close();
  authority.end();
});

/** `none`, or when the response that is shown ends. */
async function shown(): Promise<string> {
  const script = `openssl s_client -connect 127.0.0.1:${port} -servername shop.test -status < /dev/null 2>/dev/null`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script]);
  assert.match(stdout, /OCSP response: /);
  return /Next Update: (.*)/.exec(stdout)?.[1] ?? 'none';
}

function state(ocsp: string | undefined, ...more: readonly Resource[]): readonly Resource[] {
  const attrs: Attrs = { hosts: ['shop.test'], isDefault: true, ...(ocsp === undefined ? {} : { ocsp }) };
  const front = frontend(port, { tls: true }, { default: 'shop/web#w' });
  const certs = new Map<string, Member>([[pem, { attrs }]]);
  return [settings, { ...front, sets: { certs } }, backend('shop/web#w', { [target.port]: 1 }), ...more];
}

const keep = (der: Buffer): string => rig.secret(der.toString('base64'));
const reloads = (): number =>
  [...rig.metrics].reduce(
    (sum, [name, value]) => (name.startsWith('weir_haproxy_reloads_total') ? sum + value : sum),
    0,
  );
const commit = async (...args: Parameters<typeof state>): Promise<void> => {
  await session.commit?.([], state(...args), signal);
};

describe('OCSP', () => {
  test('put on, renewed, taken off, put on again: no reload', async () => {
    await commit(undefined);
    assert.equal(await shown(), 'none');
    await commit(keep(authority.respond('shop.test', 5)));
    const first = await shown();
    assert.notEqual(first, 'none');
    await commit(keep(authority.respond('shop.test', 9)));
    const second = await shown();
    assert.notEqual(second, first);
    assert.notEqual(second, 'none');
    await commit(undefined);
    assert.equal(await shown(), 'none');
    await commit(keep(authority.respond('shop.test', 7)));
    assert.notEqual(await shown(), 'none');
    assert.equal(reloads(), 0);
  });

  test('shown from the first moment after a reload, and after a restart of weir that lost its sources', async () => {
    const ocsp = keep(authority.respond('shop.test', 11));
    await commit(ocsp);
    const now = await shown();
    const other = frontend(await freePort(), {}, { default: 'shop/web#w' });
    await commit(ocsp, other);
    assert.equal(reloads(), 1);
    assert.equal(await shown(), now);
    await session.close('leave');
    rig.secrets.delete(ocsp);
    session = await rig.open();
    await session.observe('all', signal);
    await commit(ocsp, other);
    assert.equal(await shown(), now);
    assert.equal(reloads(), 1);
  });

  test('one that HAProxy could not place is not shown, and told; the certificate is served', async () => {
    authority.issue('other.test');
    for (const der of [authority.respond('other.test', 5), Buffer.from('no DER'), Buffer.alloc(9_000, 48)]) {
      await commit(keep(der));
      await until('no response', async () => (await shown()) === 'none');
      assert.match(JSON.stringify(await session.observe('all', signal)), /OCSP response for shop.test/);
    }
  });
});
