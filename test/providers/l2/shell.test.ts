import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Action, Event, Transaction } from '../../../providers/l2/protocol/events.ts';
import { Shell } from '../../../providers/l2/shell.ts';

function stage(answers: (event: Event) => readonly Action[]) {
  let now = 1000;
  const did: string[] = [];
  const asked: { transaction: Transaction; resolve: (ok: boolean) => void }[] = [];
  const events: Event[] = [];
  const shell = new Shell(
    {
      step(event) {
        events.push(event);
        return answers(event);
      },
    },
    {
      now: () => now,
      send: (to, message) => did.push(`send ${to} ${message.kind}`),
      apply: (_inc, transaction) => new Promise((resolve) => asked.push({ transaction, resolve })),
      persist: ({ inc }) => did.push(`persist ${inc}`),
      announce: (vips) => did.push(`announce ${vips}`),
      vote: ({ kind }) => did.push(`vote ${kind}`),
      probe: (target) => Promise.reject(new Error(`nobody asks for ${target}`)),
      report: ({ kind }) => did.push(`report ${kind}`),
    },
  );
  return {
    shell,
    did,
    asked,
    events,
    at(then: number) {
      now = then;
    },
  };
}

const kernel = (id: number, transaction: Transaction): Action => ({ kind: 'kernel', id, inc: 1, transaction });

describe('the shell of a core', () => {
  it('does what the core answers, in its order, and gives the answers of the kernel back', async () => {
    const { shell, did, asked, events } = stage((event) =>
      event.kind === 'start'
        ? [
            { kind: 'persist', disk: { inc: 5, group: undefined } },
            { kind: 'send', to: 'b', message: { kind: 'nudge', from: 'a', inc: 1, seq: 1, vip: '10.0.0.1' } },
            kernel(1, { kind: 'reset', inc: 1 }),
          ]
        : [],
    );
    shell.dispatch({
      kind: 'start',
      disk: undefined,
      wallClockMs: 1,
      group: { version: 1, voters: ['a'], previous: [] },
    });
    assert.deepEqual(did, ['persist 5', 'send b nudge']);
    asked[0]?.resolve(false);
    await setImmediate();
    assert.deepEqual(events.at(-1), { kind: 'kernelDone', inc: 1, id: 1, ok: false });
  });

  it('ticks at the time that was asked for last, and not after it is closed', async () => {
    const { shell, events } = stage((event) =>
      event.kind === 'eligible'
        ? [
            { kind: 'timer', at: 1001 },
            { kind: 'timer', at: 1003 },
          ]
        : [],
    );
    shell.dispatch({ kind: 'eligible', eligible: true });
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['eligible', 'tick'],
    );
    shell.dispatch({ kind: 'eligible', eligible: true });
    shell.close();
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(events.length, 3);
  });

  it('asks for the third vote and for neighbours; where nobody can be asked, the answer is the one that keeps gates shut', async () => {
    const { shell, did, events } = stage((event) =>
      event.kind === 'tick'
        ? [
            { kind: 'vote', request: { id: 3, kind: 'read' } },
            { kind: 'probe', id: 4, target: 'gateway', withinMs: 10 },
            { kind: 'probe', id: 5, target: '10.0.0.1', withinMs: 10 },
          ]
        : [],
    );
    shell.dispatch({ kind: 'tick' });
    await setImmediate();
    assert.deepEqual(did, ['vote read']);
    assert.deepEqual(events.slice(1), [
      { kind: 'probed', id: 4, answered: false },
      { kind: 'probed', id: 5, answered: true },
    ]);
  });

  it('counts a gate as open from the confirmation until the token ends, which runs from before it was armed', async () => {
    const steps: Transaction[] = [
      { kind: 'arm', token: 1, gateMs: 300 },
      { kind: 'confirm', token: 1, owned: ['10.0.0.1'] },
      { kind: 'own', owned: [] },
    ];
    const { shell, asked, at } = stage((event) =>
      event.kind === 'tick' ? steps.splice(0, 1).map((one) => kernel(1, one)) : [],
    );
    const next = async (ok: boolean, answeredAt?: number) => {
      shell.dispatch({ kind: 'tick' });
      if (answeredAt !== undefined) at(answeredAt);
      asked.at(-1)?.resolve(ok);
      await setImmediate();
    };
    await next(true, 1100);
    assert.ok(!shell.open('10.0.0.1'));
    at(1200);
    await next(true);
    assert.ok(shell.open('10.0.0.1'));
    assert.ok(!shell.open('10.0.0.2'));
    at(1299);
    assert.ok(shell.open('10.0.0.1'));
    at(1300);
    assert.ok(!shell.open('10.0.0.1'));
    at(1250);
    await next(true);
    assert.ok(!shell.open('10.0.0.1'));
  });
});
