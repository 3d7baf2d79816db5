import type { Context } from '../../src/model/index.ts';

/** Between two pieces of long work: who else has work comes first, once a slice of time is used up. */
export async function turn({ turns }: Pick<Context, 'turns'>): Promise<void> {
  if (turns?.due) await turns.next();
}
