/** A first trial with a part of a cluster that somebody else serves, through the commands: nothing of the rest is touched. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ingress, networkService, webService } from '../bench/awselb/manifests.ts';
import { AwsUser } from './awselb-user.ts';

let user: AwsUser;
let whole: readonly string[] = [];
const endpoints = [{ address: '10.0.135.10' }, { address: '10.0.151.10' }];
const web = [
  ...webService({ namespace: 'shop', name: 'web', endpoints }),
  ingress({ namespace: 'shop', name: 'web', paths: [{ host: 'web.test', path: '/', service: 'web' }] }),
];
const db = networkService({ namespace: 'shop', name: 'db', ports: [5432], endpoints });

const forget = () => rm(join(user.folder, 'state'), { recursive: true, force: true });

before(async () => {
  user = await AwsUser.start();
  await user.put('db', db);
  await user.put('web', web);
  const { code, err } = await user.weir(['apply']);
  assert.equal(code, 0, err);
  whole = user.ours();
  await forget();
  await user.put('web', []);
});

after(() => user?.end());

test('plan has nothing to do, and names what it leaves alone', async () => {
  const { code, out, err } = await user.weir(['plan', '--detailed-exitcode', '--fail-on', 'delete']);
  assert.equal(code, 0, out + err);
  assert.match(out + err, /W_ORPHAN.*\n?.*stack ingress\/shop\/web carries the tags of cluster test/);
});

test('apply changes nothing', async () => {
  const { code, out, err } = await user.weir(['apply']);
  assert.equal(code, 0, out + err);
  assert.deepEqual(user.ours(), whole);
});

test('destroy does not begin while the policy forbids deletes', async () => {
  for (const policy of ['upsert-only', 'create-only']) {
    const { code, out, err } = await user.weir(['destroy', '--yes', '--policy', policy]);
    assert.equal(code, 2, out + err);
    assert.match(err, new RegExp(`policy is ${policy}, .* nothing was removed\\. .*--policy sync`));
  }
  assert.deepEqual(user.ours(), whole);
});

test('destroy, from an empty state directory, removes what the manifests want', async () => {
  await forget();
  const { code, out, err } = await user.weir(['destroy', '--yes']);
  assert.equal(code, 0, out + err);
  assert.match(out + err, /stack ingress\/shop\/web/);
  const left = user.ours();
  assert.deepEqual(
    left,
    whole.filter((name) => !/^k8s-shop-db-/.test(name)),
  );
  assert.ok(left.length > 2 && left.length < whole.length, left.join());
});
