import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { needsRootAnd } from '../fakes/needs.ts';

/** Prints class and niceness of its own thread and of those that clean memory. */
const program = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { raisePriority } from '${new URL('../../providers/l2/kernel/raise-priority.ts', import.meta.url)}';
  const raised = await raisePriority();
  const stat = (path) => readFileSync(path, 'utf8').replace(/^.*\\) /, '').split(' ');
  const helpers = readdirSync('/proc/self/task').map((task) => '/proc/self/task/' + task).filter((at) => /V8Worker/.test(readFileSync(at + '/comm', 'utf8')));
  console.log(JSON.stringify({ raised, own: stat('/proc/thread-self/stat')[38], helpers: [...new Set(helpers.map((at) => stat(at + '/stat')[16]))] }));
`;

it('a thread that beats goes before ordinary work, and so do those for which it waits', {
  skip: needsRootAnd('nice'),
}, async () => {
  const words = ['-n', '10', process.execPath, '--no-warnings', '--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)('nice', words);
  // Policy 2 is SCHED_RR.
  assert.deepEqual(JSON.parse(stdout), { raised: 'realtime', own: '2', helpers: ['-10'] });
});
