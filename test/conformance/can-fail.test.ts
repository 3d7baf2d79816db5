/** The suite itself: a provider with a fault does not pass. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { provider as memory } from '../../providers/memory/index.ts';
import type { Provider, Session, Step } from '../../src/model/index.ts';
import { cases } from './cases.ts';
import { memoryHarness } from './memory-harness.ts';
import { Rig } from './rig.ts';

type Apply = NonNullable<Session['apply']>;

/** The memory provider with its session changed. */
function faulty(change: (session: Session, apply: Apply) => Partial<Session>): Provider {
  return {
    ...memory,
    async open(options, ctx) {
      const parsed = memory.options.parse(options);
      const session = await memory.open(parsed, ctx);
      if (session.apply === undefined) throw new Error('the memory provider applies');
      return { ...session, ...change(session, session.apply.bind(session)) };
    },
  };
}

const skipping = (op: Step['op']) =>
  faulty((_session, apply) => ({ apply: async (step, signal) => (step.op === op ? undefined : apply(step, signal)) }));

const faults: readonly (readonly [string, Provider, string])[] = [
  ['does not delete', skipping('delete'), 'delete one, then all'],
  ['does not remove members', skipping('remove'), 'grow and shrink'],
  ['does not update', skipping('update'), 'change in place'],
  ['does not add members', skipping('add'), 'create'],
  [
    'cannot go on after a crash: what exists is not found',
    faulty(() => ({ observe: async () => [] })),
    'crash at every step',
  ],
  [
    'takes what is not ours for ours',
    faulty((session) => ({
      observe: async (scope, signal) =>
        (await session.observe(scope, signal)).map((object) => ({ ...object, owned: true })),
    })),
    'foreign objects are untouched',
  ],
  [
    'shows another value than was written',
    faulty((session) => ({
      observe: async (scope, signal) =>
        (await session.observe(scope, signal)).map((object) => ({ ...object, attrs: { ...object.attrs, idleMs: 1 } })),
    })),
    'a second run writes nothing',
  ],
  [
    'throws for a bad service',
    {
      ...memory,
      serviceOptions: memory.serviceOptions.transform((): never => {
        throw new Error('no');
      }),
    },
    'bad services beside good ones',
  ],
];

describe('the conformance suite', () => {
  for (const [what, provider, title] of faults) {
    it(`finds a provider that ${what}`, async () => {
      const harness = { ...memoryHarness(what, {}), provider };
      const found = cases.find((each) => each.title === title);
      assert.ok(found !== undefined, title);
      const rig = await Rig.open(harness);
      try {
        await assert.rejects(found.run(rig, harness));
      } finally {
        await rig.close();
      }
    });
  }
});
