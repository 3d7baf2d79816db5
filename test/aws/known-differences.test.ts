/** The strict fake does as AWS does, in everything that moto is known to do otherwise. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { documentedBuckets, FakeAws } from '../fakes/aws/index.ts';
import { differences } from './differences/index.ts';
import { Stage } from './stage.ts';

const read = documentedBuckets.elasticloadbalancing?.read ?? { tokens: 0, perSecond: 0 };

for (const [area, claims] of Object.entries(differences)) {
  describe(area, () => {
    for (const { says, check } of claims) {
      it(says, async () => {
        const aws = new FakeAws({
          timings: { loadBalancer: { describes: 3 }, target: { describes: 2 } },
          // Only reads are throttled: what a claim makes before it asks is not what is tried.
          buckets: { elasticloadbalancing: { read } },
        });
        const stage = await Stage.open(aws.client(), 'claim');
        await check(stage);
        stage.close();
        assert.deepEqual(aws.loud, []);
      });
    }
  });
}

describe('localstack/known-differences.md', () => {
  it('lists every claim under its area, and none that is not tried', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'localstack', 'known-differences.md'), 'utf8');
    const listed = [...page.matchAll(/^- (.+)$/gm)].map(([, line]) => line);
    const tried = Object.values(differences).flatMap((claims) => claims.map(({ says }) => says));
    assert.deepEqual(listed, tried);
  });
});
