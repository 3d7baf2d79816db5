import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

const prepare = new URL('../../src/setup/prepare.mjs', import.meta.url).href;
/** A Node that takes no TypeScript needs the pinned one, as an old one does. */
const old = ['--no-strip-types', '--import', prepare];

/** Says its number and what it hears; SIGTERM, SIGINT and SIGHUP let it end with 7. */
const listener = `
const heard: string[] = [];
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => { heard.push(signal); setTimeout(() => { console.log(heard.join()); process.exit(7); }, 50); });
setInterval(() => {}, 1000);
console.log(String(process.pid));
`;

function folderOf(t: TestContext, program: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'weir-run-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'program.ts'), program);
  return join(folder, 'program.ts');
}

async function lineOf(child: ChildProcess): Promise<string> {
  const [data]: unknown[] = child.stdout === null ? [] : await once(child.stdout, 'data');
  return String(data).trim();
}

function isAlive(pid: number): boolean {
  try {
    // A child that nobody has waited for is no more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function start(t: TestContext, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(command, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

describe('a program run in the pinned Node', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    it(`hears ${signal}, and its exit code is ours`, async (t) => {
      const child = start(t, process.execPath, [...old, folderOf(t, listener)]);
      const pid = Number(await lineOf(child));
      t.after(() => isAlive(pid) && process.kill(pid, 'SIGKILL'));
      assert.notEqual(pid, child.pid);
      child.kill(signal);
      const said = lineOf(child);
      assert.deepEqual(await once(child, 'exit'), [7, null]);
      assert.equal(await said, signal);
      assert.equal(isAlive(pid), false);
    });

  it('that a signal ends ends us by the same signal', async (t) => {
    const child = start(t, process.execPath, [
      ...old,
      folderOf(t, 'console.log(process.pid); setInterval(() => {}, 1000);'),
    ]);
    const pid = Number(await lineOf(child));
    process.kill(pid, 'SIGKILL');
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
  });
});

describe('a program behind npm', () => {
  for (const [name, flags] of [
    ['in the pinned Node', old],
    ['in the Node of npm', ['--import', prepare]],
  ] as const)
    it(`is told when npm is ended, ${name}`, async (t) => {
      // npm starts a shell, hands the signal on to it, and both are gone.
      const words = [process.execPath, ...flags, folderOf(t, listener)].map((word) => `'${word}'`).join(' ');
      const shell = start(t, '/bin/sh', ['-c', `${words}; true`], { npm_lifecycle_event: 'weir' });
      const pid = Number(await lineOf(shell));
      t.after(() => isAlive(pid) && process.kill(pid, 'SIGKILL'));
      shell.kill('SIGTERM');
      assert.equal(await lineOf(shell), 'SIGTERM');
    });
});
