/** deploy/examples/aws does on the strict fake what its README says, copied as it stands but for the port. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { seedAccount } from '../../localstack/seed.ts';
import { FakeAws } from '../fakes/aws/index.ts';
import { weir } from '../fakes/weir-process.ts';

it('the example is valid offline, applied once, and gone after destroy', async (t) => {
  const aws = new FakeAws();
  const server = await aws.listen(0);
  t.after(() => server.close());
  await seedAccount(aws.client(server.url));
  const folder = await mkdtemp(join(tmpdir(), 'weir-example-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(new URL('../../deploy/examples/aws', import.meta.url), folder, { recursive: true });
  const file = join(folder, 'try.yaml');
  const written = await readFile(file, 'utf8');
  assert.match(written, /http:\/\/127\.0\.0\.1:4566/);
  await writeFile(file, written.replace('http://127.0.0.1:4566', server.url));
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  const run = async (...command: string[]) => {
    const { code, out, err } = await weir([...command, '-c', 'try.yaml'], folder);
    assert.equal(code, 0, `${command.join(' ')}: ${out}${err}`);
    return out;
  };
  assert.match(await run('validate'), /Valid: 2 services; 0 errors/);
  const applied = await run('apply');
  assert.match(applied, /Plan: 11 to create/);
  assert.match(applied, /^ {2}ingress\/shop\/web {2}\S+\.elb\S*\.amazonaws\.com$/m);
  assert.match(applied, /^ {2}shop\/db +\S+\.elb\S*\.amazonaws\.com$/m);
  assert.match(await run('plan'), /Plan: 0 to create, 0 to update, 0 to replace, 0 to delete; 11 unchanged/);
  await run('destroy', '--yes');
  assert.match(await run('plan'), /Plan: 11 to create/);
});
