/** The only place where the parts are put together. */
export type { App, AppDeps, OnStep, OpenApp, Readiness, RunEvents, SourceContext } from './app/contract.ts';
