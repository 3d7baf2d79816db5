/** The words of weir as types. Imports nothing of ours. */
export * from './announcement.ts';
export * from './closest.ts';
export * from './errors.ts';
export * from './json.ts';
export * from './kind-words.ts';
export * from './located.ts';
export * from './merged.ts';
export * from './pool.ts';
export * from './problem.ts';
export * from './provider.ts';
export * from './report.ts';
export * from './resource.ts';
export * from './service.ts';
export * from './sliced.ts';
export * from './source.ts';
export * from './step.ts';
export * from './turns.ts';
