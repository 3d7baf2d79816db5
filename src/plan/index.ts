/** From wanted and observed to an ordered plan. Pure: no clock, no log, no random, no `node:`; knows kinds only by their specs. */
export { advance, advanceSliced } from './advance.ts';
export { checkKinds } from './check-kinds.ts';
export { describe, type StepWord, wordOf } from './describe.ts';
export { nameHandles } from './name-handles.ts';
export { plan, planSliced } from './plan.ts';
export type { PlanOptions } from './sketch.ts';
export { type CountedPlan, summarize, summarizeSliced } from './summarize.ts';
export { type UnitGroup, units } from './units.ts';
