export interface Moto {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}
export type Found =
  | { readonly command: string; readonly version: string; readonly missing?: undefined }
  | { readonly missing: string };
export function motoFolder(env?: NodeJS.ProcessEnv): string;
export function findMoto(env?: NodeJS.ProcessEnv): Found;
export function ensureMoto(say: (text: string) => void, env?: NodeJS.ProcessEnv): Found;
export function startMoto(command: string, port?: number): Promise<Moto>;
