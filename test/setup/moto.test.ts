import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { findMoto, motoFolder } from '../../localstack/moto.mjs';

const root = join(import.meta.dirname, '..', '..');

function emptyCache(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'weir-moto-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('moto', () => {
  it('is missing with a reason when nothing is installed', (t) => {
    const cache = emptyCache(t);
    const found = findMoto({ XDG_CACHE_HOME: cache });
    assert.match(found.missing ?? '', /moto is not installed in .*: run npm test/);
    assert.ok(motoFolder({ XDG_CACHE_HOME: cache }).startsWith(join(cache, 'weir')));
  });

  it('says what to install when there is no python3', (t) => {
    const env = { XDG_CACHE_HOME: emptyCache(t), PATH: '/nonexistent', HOME: '/nonexistent' };
    const run = spawnSync(process.execPath, [join(root, 'localstack', 'moto.mjs')], { encoding: 'utf8', env });
    assert.equal(run.status, 1);
    assert.match(run.stderr, /install python3 with venv and pip/);
  });

  it('is pinned to the last package, and the container to the same version', () => {
    const read = (name: string) => readFileSync(join(root, 'localstack', name), 'utf8');
    const pins = read('requirements.txt')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(
      pins.filter((line) => !/^[\w.-]+(\[[\w,]+\])?==\S+$/.test(line)),
      [],
    );
    const version = /^moto\[.*\]==(\S+)$/m.exec(read('requirements.txt'))?.[1] ?? '?';
    assert.ok(read('docker-compose.yml').includes(`motoserver/moto:${version}`));
  });
});
