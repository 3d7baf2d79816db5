/** deploy/examples/pools gives the addresses that its README names. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { weir } from '../fakes/weir-process.ts';

test('the example of pools is valid and gives the addresses that its README names', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-pools-example-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(new URL('../../deploy/examples/pools', import.meta.url), folder, { recursive: true });
  const { code, out, err } = await weir(['render', '-c', 'weir.yaml', '-o', 'json'], folder);
  assert.equal(code, 0, err);
  const { services, problems } = JSON.parse(out);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    services.map(({ id, addresses }: { id: string; addresses: readonly string[] }) => `${id} ${addresses}`),
    ['shop/web 127.70.0.1', 'shop/admin 127.70.0.9', 'pay/till 127.70.0.32'],
  );
});
