import { Protocol } from '../../../../providers/l2/protocol/protocol.ts';
import { deriveTiming } from '../../../../providers/l2/protocol/timing.ts';
import { type Mix, playScenario } from './scenario.ts';
import type { Subject } from './world.ts';

/** The product itself, embedded as it should be. */
export const product: Subject = {
  create: (name, timing, mode) => new Protocol(name, timing, mode),
  timing: deriveTiming(),
  kernel: {},
  votersPerRecord: 1,
};

/** `WEIR_VIP_SCENARIOS=50` plays fifty times as many. */
const factor = Number(process.env.WEIR_VIP_SCENARIOS ?? 1);

/** Plays so many histories and returns what was wrong in them, with the seed that shows it again. */
export function playMany(
  count: number,
  mix: Mix,
): { readonly wrong: readonly string[]; readonly openings: number; readonly disorders: number } {
  const wrong: string[] = [];
  let openings = 0;
  let disorders = 0;
  for (let seed = 1; seed <= count * factor; seed += 1) {
    const { violation, silent, disorder, ...played } = playScenario(seed, product, mix);
    openings += played.openings;
    if (disorder !== undefined) disorders += 1;
    if (violation !== undefined) {
      wrong.push(`seed ${seed}: ${violation.nodes.join(' and ')} both open for ${violation.vip} at ${violation.at} ms`);
    }
    for (const vip of silent) wrong.push(`seed ${seed}: nobody answers for ${vip} after the quiet time`);
  }
  return { wrong, openings, disorders };
}
