import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { ensurePrograms, findPrograms, programFolder, programSets } from '../kube/programs.mjs';

const module = new URL('../kube/programs.mjs', import.meta.url).href;
const here = join(import.meta.dirname, '..', 'kube');

/** A cache of its own and a `go` that does what the shell script says; $target is the file it is asked for. */
function fakeGo(t: TestContext, script: string): { env: NodeJS.ProcessEnv; said: string[]; cache: string } {
  const folder = mkdtempSync(join(tmpdir(), 'weir-go-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, 'go'),
    `#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = -o ] && target=$2; shift; done\n${script}\n`,
  );
  chmodSync(join(folder, 'go'), 0o755);
  const cache = join(folder, 'cache');
  return { env: { PATH: `${folder}:/usr/bin:/bin`, XDG_CACHE_HOME: cache }, said: [], cache };
}

describe('the programs of Kubernetes', () => {
  it('are missing with a reason when nothing is built, and when there is no Go', (t) => {
    const { cache } = fakeGo(t, '');
    const env = { PATH: '/nonexistent', XDG_CACHE_HOME: cache };
    for (const name of programSets) {
      assert.match(findPrograms(name, env).missing ?? '', /v\d+\.\d+\.\d+ is not built in .*: run npm test/);
      assert.match(ensurePrograms(name, () => {}, env, []).missing ?? '', /there is no go: install Go/);
    }
  });

  it('are built once, stripped of paths, with the flags and sums of the module alone', (t) => {
    const { env, said, cache } = fakeGo(t, 'echo "$GOFLAGS|$CGO_ENABLED|$GOWORK" > "$target"');
    const say = (text: string) => said.push(text);
    const built = ensurePrograms('kube', say, { ...env, GOFLAGS: '-mod=mod' }, []);
    assert.equal(built.missing, undefined);
    const folder = programFolder('kube', env);
    assert.deepEqual(readdirSync(folder).sort(), ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl']);
    assert.equal(readFileSync(join(folder, 'etcd'), 'utf8'), '|0|off\n');
    assert.deepEqual(readdirSync(join(cache, 'weir')).length, 1, 'no lock and no half of a build is left');
    assert.match(said[0] ?? '', /^building Kubernetes v[\d.]+ into .* minutes/);
    const before = said.length;
    assert.deepEqual(ensurePrograms('kube', say, env, []), built);
    assert.equal(said.length, before);
  });

  it('say why they cannot be built, and leave nothing', (t) => {
    const { env, cache } = fakeGo(t, 'echo "go: module not found" >&2; exit 1');
    const { missing } = ensurePrograms('helm', () => {}, env, []);
    assert.match(missing ?? '', /^Helm v[\d.]+ cannot be built \(go build helm: go: module not found\)$/);
    assert.deepEqual(readdirSync(join(cache, 'weir')), []);
  });

  it('are built by one of two processes while the other waits', async (t) => {
    const { env, cache } = fakeGo(t, 'sleep 0.2; echo built >> "$XDG_CACHE_HOME/count"; echo > "$target"');
    mkdirSync(cache);
    const script = `import { ensurePrograms } from '${module}'; console.log(ensurePrograms('helm', () => {}).missing ?? 'built');`;
    const run = async () => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { env });
      const words: string[] = [];
      child.stdout.on('data', (data) => words.push(String(data)));
      await once(child, 'close');
      return words.join('').trim();
    };
    assert.deepEqual(await Promise.all([run(), run()]), ['built', 'built']);
    assert.equal(readFileSync(join(cache, 'count'), 'utf8'), 'built\n');
  });

  it('are built anew after a builder that was killed', async (t) => {
    const { env, cache } = fakeGo(t, 'echo > "$target"');
    const folder = programFolder('helm', env);
    const gone = spawn('true');
    await once(gone, 'close');
    mkdirSync(`${folder}.building-${gone.pid}`, { recursive: true });
    writeFileSync(`${folder}.lock`, String(gone.pid));
    assert.equal(ensurePrograms('helm', () => {}, env, []).missing, undefined);
    assert.deepEqual(readdirSync(dirname(folder)), [folder.slice(cache.length + '/weir/'.length)]);
  });

  it('come from one release: the libraries beside Kubernetes are pinned to the same', () => {
    const text = readFileSync(join(here, 'go.mod'), 'utf8');
    const release = /k8s\.io\/kubernetes v1\.(\S+)/.exec(text)?.[1];
    const staging = [...text.matchAll(/^\t(\S+) => \1 (\S+)$/gm)].map(([, , version]) => version);
    assert.ok(staging.length > 25);
    assert.deepEqual(new Set(staging), new Set([`v0.${release}`]));
  });
});
