import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

const setup = new URL('../../src/setup/setup.mjs', import.meta.url).href;

/** Evaluates an expression on the module in a process of its own: it is plain JavaScript without types. */
function evaluate(expression: string, env: NodeJS.ProcessEnv = process.env): unknown {
  const code = `import * as setup from ${JSON.stringify(setup)}; process.stdout.write(JSON.stringify(await (async () => ${expression})()) ?? 'null')`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', env });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}

function checkout(t: TestContext, wanted: object, present?: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'weir-setup-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': { name: 'x' }, ...wanted } }));
  if (present !== undefined)
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: present }));
  return folder;
}

const fresh = (folder: string) => evaluate(`setup.packagesFresh(${JSON.stringify(folder)})`);

describe('setup', () => {
  it('sees missing, stale and complete packages; optional ones of other platforms may be missing', (t) => {
    const lock = {
      'node_modules/a': { version: '1.0.0' },
      'node_modules/other-platform': { version: '1.0.0', optional: true },
    };
    assert.equal(fresh(checkout(t, lock)), false);
    assert.equal(fresh(checkout(t, lock, { 'node_modules/a': { version: '0.9.0' } })), false);
    assert.equal(fresh(checkout(t, lock, {})), false);
    assert.equal(fresh(checkout(t, lock, { 'node_modules/a': { version: '1.0.0' } })), true);
  });

  it('refuses an old Node in one sentence', () => {
    const told = evaluate(
      `{ try { setup.checkNode('16.20.0') } catch (error) { return [error instanceof setup.SetupError, error.message] } }`,
    );
    assert.deepEqual(told, [true, 'Node 16.20.0 is too old to set weir up: install Node 18 or newer, best 26.']);
    assert.equal(evaluate(`setup.checkNode('18.0.0') ?? 'fine'`), 'fine');
  });

  it('finds a Node that runs TypeScript', () => {
    const node = evaluate('setup.findNode()');
    assert.ok(typeof node === 'string');
    const run = spawnSync(node, ['-p', 'process.features.typescript'], { encoding: 'utf8' });
    assert.equal(run.stdout.trim(), 'strip');
  });

  it('says why the pinned Node cannot be used', (t) => {
    const folder = checkout(t, {});
    const pinned = join(folder, 'node');
    const why = () => evaluate(`setup.whyNotPinned(${JSON.stringify(pinned)})`);
    assert.match(String(why()), /^there is no pinned Node for /);
    const said = 'node: error while loading shared libraries: libatomic.so.1: cannot open shared object file';
    writeFileSync(pinned, `#!/bin/sh\necho '${said}' >&2\nexit 127\n`, { mode: 0o755 });
    assert.equal(why(), `the pinned one does not run: ${said} (apt-get install libatomic1)`);
  });

  it('says what to install where it cannot install by itself', () => {
    const wanted = { command: 'weir-no-such-program', versionArgs: ['-v'], debianPackage: 'weir-none' };
    // Without apt-get in the PATH the answer is the same for root.
    const answer = evaluate(`setup.ensureProgram(${JSON.stringify(wanted)}, () => {})`, {
      ...process.env,
      PATH: '/nonexistent',
    });
    assert.ok(typeof answer === 'object' && answer !== null && 'missing' in answer);
    assert.match(String(answer.missing), /weir-no-such-program is not installed.*install weir-no-such-program/);
  });
});

describe('package-lock.json', () => {
  it('names every optional package of every other platform, else npm ci refuses it', () => {
    const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
    const packages: Record<string, { optionalDependencies?: Record<string, string> }> = lock.packages;
    const missing = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies).filter((name) => packages[`node_modules/${name}`] === undefined),
    );
    assert.deepEqual(missing, []);
  });
});
