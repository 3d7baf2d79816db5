/** What is written back to Kubernetes objects: addresses, conditions, finalizers, Events. Decides from data and patches; knows no provider and no source. */
export * from './facts.ts';
export { type Reached, reachedByAny } from './front-service.ts';
export type { TargetHealth } from './gated-pods.ts';
export { type KeeperOptions, type PoolWords, StatusKeeper } from './keeper.ts';
export type { AnnouncedService } from './layer2-plan.ts';
export { Layer2Writer, type Layer2WriterOptions } from './layer2-writer.ts';
export { Prober, type ProberOptions } from './prober.ts';
export { type ProgrammedParts, programmedOf } from './programmed.ts';
export { type Publish, type PublishParts, publishedAddresses, unreachedBy } from './published.ts';
export { questionsOf } from './questions-of.ts';
