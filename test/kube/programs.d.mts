export type ProgramSet = 'kube' | 'helm';
export type Programs =
  | { readonly folder: string; readonly version: string; readonly missing?: undefined }
  | { readonly missing: string };
export const programSets: readonly ProgramSet[];
export function programFolder(name: ProgramSet, env?: NodeJS.ProcessEnv): string;
export function findPrograms(name: ProgramSet, env?: NodeJS.ProcessEnv): Programs;
export function ensurePrograms(
  name: ProgramSet,
  say: (text: string) => void,
  env?: NodeJS.ProcessEnv,
  places?: readonly string[],
): Programs;
