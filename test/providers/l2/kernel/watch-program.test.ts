import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchProgram } from '../../../../providers/l2/kernel/watch-program.ts';

async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !done(); turn += 1) await sleep(5);
  assert.ok(done());
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a program that watches', () => {
  it('tells whole lines, and is started again when it ends, with the word that something may have been missed', async () => {
    const lines: string[] = [];
    let gaps = 0;
    const watch = watchProgram(
      'sh',
      ['-c', 'printf "one\\ntw"; printf "o\\n"; sleep 0.05'],
      (line) => lines.push(line),
      () => {
        gaps += 1;
      },
    );
    await until(() => gaps >= 3);
    watch.close();
    assert.deepEqual(lines.slice(0, 4), ['one', 'two', 'one', 'two']);
  });

  it('ends with those who watch, also when they are killed', {
    skip: process.platform !== 'linux' && 'needs Linux',
  }, async () => {
    const module = new URL('../../../../providers/l2/kernel/watch-program.ts', import.meta.url).href;
    const code = `import { watchProgram } from '${module}'; const watch = watchProgram('sleep', ['1000'], () => {}, () => console.log(watch?.pid));
      setTimeout(() => console.log(watch.pid), 100);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let shell = Number.NaN;
    parent.stdout.on('data', (text: Buffer) => {
      shell = Number(text.toString().trim().split('\n').at(-1));
    });
    await until(() => shell > 0 && childrenOf(shell).length === 1);
    const [program = 0] = childrenOf(shell);
    assert.ok(alive(program));
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await until(() => !alive(program) && !alive(shell));
  });
});
