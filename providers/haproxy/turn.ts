import type { Context, Sliced } from '../../src/model/index.ts';

/** Between two pieces of long work: who else has work comes first, once a slice of time is used up. */
export async function turn({ turns }: Pick<Context, 'turns'>): Promise<void> {
  if (turns?.due) await turns.next();
}

/** Long work to its end, with turns for others. */
export async function inTurns<T>(ctx: Pick<Context, 'turns'>, work: Sliced<T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await turn(ctx);
  }
}
