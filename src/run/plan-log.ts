import { join } from 'node:path';
import { z } from 'zod';
import type { AppliedPlan } from '../model/index.ts';
import { LineFile } from './line-file.ts';

/** Plans kept on disk, steps kept of each: enough to see what happened, never enough to fill a disk. */
const limits = { maxLines: 500, maxBytes: 8_388_608, code: 'E_JOURNAL' } as const;
const maxSteps = 200;
const shownPlans = 100;

/** Own lines, written by this file: only the frame is looked at, since a damaged one must not be shown as a plan. */
const entry = z.custom<AppliedPlan>(
  (value) =>
    z
      .looseObject({
        id: z.string(),
        balancer: z.string(),
        unit: z.string(),
        startedMs: z.number(),
        steps: z.array(z.looseObject({ n: z.number(), op: z.string() })),
        refused: z.array(z.unknown()),
        result: z.enum(['done', 'failed']),
      })
      .safeParse(value).success,
);

/** The journal of applied plans in stateDir: read by people and the state page, never by the planner. */
export class PlanLog {
  readonly #stateDir: string;
  #file: LineFile | undefined;
  #plans: readonly AppliedPlan[] = [];

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** `write`: plans appended from now on are kept; only the holder of the lock may ask for it. */
  async load(write: boolean): Promise<void> {
    const file = await LineFile.open(join(this.#stateDir, 'plans.jsonl'), limits, write);
    const plans = file.lines().flatMap((line) => {
      const parsed = entry.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    });
    this.#plans = plans.slice(-shownPlans).reverse();
    if (write) this.#file = file;
  }

  /** Newest first, bounded. */
  newest(): readonly AppliedPlan[] {
    return this.#plans;
  }

  async append(plan: AppliedPlan): Promise<void> {
    const cut = shortened(plan);
    this.#plans = [cut, ...this.#plans.slice(0, shownPlans - 1)];
    await this.#file?.append(cut);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

function shortened(plan: AppliedPlan): AppliedPlan {
  const more = plan.steps.length - maxSteps;
  if (more <= 0) return plan;
  const message = [plan.message, `${more} more steps not kept`].filter(Boolean).join('; ');
  return { ...plan, steps: plan.steps.slice(0, maxSteps), refused: plan.refused.slice(0, maxSteps), message };
}
