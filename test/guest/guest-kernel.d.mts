/** See guest-kernel.mjs. */
export type Guest =
  | { readonly folder: string; readonly version: string; readonly missing?: undefined }
  | { readonly missing: string; readonly folder?: undefined; readonly version?: undefined };

export function guestFolder(env?: NodeJS.ProcessEnv): string;
export function findGuest(env?: NodeJS.ProcessEnv): Guest;
export function ensureGuest(say: (line: string) => void, env?: NodeJS.ProcessEnv): Guest;
