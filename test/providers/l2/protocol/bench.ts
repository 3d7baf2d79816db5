import assert from 'node:assert/strict';
import type { Action, Event, Report, Transaction } from '../../../../providers/l2/protocol/events.ts';
import type { Ack, Beat, Group, Message } from '../../../../providers/l2/protocol/messages.ts';
import { Protocol } from '../../../../providers/l2/protocol/protocol.ts';
import { deriveTiming } from '../../../../providers/l2/protocol/timing.ts';

export const vip = '192.0.2.1';
export const group: Group = { version: 1, voters: ['a', 'b', 'c'], previous: [] };
export const ack: Ack = { kind: 'ack', from: 'b', inc: 50, seq: 2, version: 1, fence: 0, needs: false, refused: [] };
export const promiseMs = deriveTiming().promiseMs;

/** Node `a`, long after a start of all, whose kernel and disk answer when told to. */
export class Bench {
  now = 1000;
  actions: readonly Action[] = [];
  readonly node = new Protocol('a', deriveTiming(100, { coldMs: 0 }));

  give(event: Event): this {
    this.actions = this.node.step(event, this.now);
    return this;
  }

  /** Started, its gates reset, and past its silence. */
  ready(order: readonly string[] = ['a', 'b', 'c']): this {
    this.give({ kind: 'rank', ranks: new Map([[vip, order]]) });
    this.give({ kind: 'start', disk: { inc: 49, group, settled: true }, wallClockMs: 50, group });
    this.give({ kind: 'persisted', disk: { inc: 50, group, settled: true } }).complete();
    this.now += promiseMs;
    return this;
  }

  /** Completes the last transaction asked for. */
  complete(ok = true): this {
    const asked = this.actions.findLast((action) => action.kind === 'kernel');
    assert.ok(asked?.kind === 'kernel', 'no transaction was asked for');
    return this.give({ kind: 'kernelDone', inc: asked.inc, id: asked.id, ok });
  }

  hear(message: Message): this {
    return this.give({ kind: 'received', message });
  }

  beat(from: string, seq: number, claims: readonly string[], parts: Partial<Beat> = {}): this {
    const known = [this.node.inc, 0, 0];
    const numbers = { fence: seq, fencings: claims.length > 0 ? [{ fence: seq, open: false, vips: claims }] : [] };
    const flags = { eligible: true, settled: true, novice: false, quiet: false, restful: false };
    return this.hear({
      kind: 'beat',
      from,
      inc: 60,
      seq,
      group,
      known,
      claims,
      hints: [],
      ...numbers,
      ...flags,
      ...parts,
    });
  }

  get sent(): readonly Message[] {
    return this.actions.flatMap((action) => (action.kind === 'send' ? [action.message] : []));
  }

  get transactions(): readonly Transaction[] {
    return this.actions.flatMap((action) => (action.kind === 'kernel' ? [action.transaction] : []));
  }

  get reports(): readonly Report[] {
    return this.actions.flatMap((action) => (action.kind === 'report' ? [action.report] : []));
  }

  /** Claims, arms and has the beat acknowledged by `b`: the confirmation is asked for. */
  confirm(): this {
    this.give({ kind: 'tick' }).complete();
    const beat = this.sent.find((message) => message.kind === 'beat');
    assert.ok(beat?.kind === 'beat' && beat.claims.includes(vip));
    return this.hear({ ...ack, inc: beat.inc, seq: beat.seq });
  }
}
