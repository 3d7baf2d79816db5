import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds } from '../../../providers/awselb/kinds.ts';
import { createStepLines } from '../../../src/cli/text/apply-text.ts';
import { shortUnit } from '../../../src/cli/text/object-words.ts';
import { createPaint } from '../../../src/cli/text/paint.ts';
import type { StepResult } from '../../../src/model/index.ts';

describe('a line of a step', () => {
  const line = (result: StepResult['result'], until: NonNullable<StepResult['step']['until']>) =>
    createStepLines(() => kinds)(
      {
        balancer: 'aws',
        unit: 'aws/foreign/arn:aws:x+aws/service/shop/db',
        result,
        durationMs: 0,
        step: {
          n: 1,
          op: 'wait',
          kind: 'TargetGroup',
          id: 'service/shop/db|shop/db:80',
          unit: 'aws/service/shop/db',
          why: '',
          until,
          serves: [],
          after: [],
        },
      },
      createPaint(false),
    );
  const until = { what: 'ready', kind: 'TargetGroup', of: 'arn', set: 'Targets', members: ['a', 'b'], min: 1 } as const;

  it('that waits says for what and how long at most, and no time of its own', () => {
    assert.equal(
      line('waiting', { ...until, deadlineMs: 300_000 }).trimEnd(),
      '  waiting          wait TargetGroup shop/db:80 of service/shop/db: wait for ready targets: 1 of 2, at most 5 min',
    );
    assert.ok(!line('done', { ...until, deadlineMs: 300_000 }).includes('at most'));
  });

  it("names a unit without somebody else's objects that it is joined with", () => {
    assert.equal(shortUnit('aws', 'aws/foreign/arn:x+aws/foreign/arn:y+aws/ingress/team'), 'ingress/team');
    assert.equal(shortUnit('aws', 'aws/foreign/arn:x'), 'foreign/arn:x');
    assert.equal(shortUnit('aws', 'aws/ingress/a+aws/ingress/b'), 'ingress/a+ingress/b');
  });
});
