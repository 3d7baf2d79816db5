import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seedAccount } from '../../localstack/seed.ts';
import { FakeAws } from '../fakes/aws/index.ts';
import { agreements } from './agreements.ts';
import { Stage } from './stage.ts';

describe('the strict fake', () => {
  for (const { says, check } of agreements) {
    it(says, async () => {
      const aws = new FakeAws();
      const stage = await Stage.open(aws.client(), 'agreed');
      await check(stage);
      stage.close();
      assert.deepEqual(aws.loud, []);
    });
  }

  it('is seeded over HTTP as any endpoint is, and a second seeding writes nothing', async () => {
    const aws = new FakeAws();
    await using server = await aws.listen();
    const first = await seedAccount(aws.client(server.url));
    aws.journal.clear();
    assert.deepEqual(await seedAccount(aws.client(server.url)), first);
    assert.deepEqual(aws.journal.writes, []);
  });
});
