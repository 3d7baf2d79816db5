import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { findGuest, guestFolder } from '../guest/guest-kernel.mjs';

describe('the guest kernel', () => {
  it('is missing with a reason when it was never brought, and when it cannot be', (t) => {
    const cache = mkdtempSync(join(tmpdir(), 'weir-no-guest-'));
    t.after(() => rmSync(cache, { recursive: true }));
    const env = { XDG_CACHE_HOME: cache, PATH: '/nonexistent', HOME: '/nonexistent' };
    assert.ok(guestFolder(env).startsWith(join(cache, 'weir')));
    assert.match(findGuest(env).missing ?? '', /the guest kernel is not in .*: run npm test/);
    const program = join(import.meta.dirname, '..', 'guest', 'guest-kernel.mjs');
    const run = spawnSync(process.execPath, [program], { encoding: 'utf8', env });
    assert.equal(run.status, 1);
    assert.match(
      run.stdout,
      /the guest kernel (comes out of packages of Debian, and there is no apt-get|is one of Linux)/,
    );
    assert.deepEqual(readdirSync(cache), []);
  });
});
