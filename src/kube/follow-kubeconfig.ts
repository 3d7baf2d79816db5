import { readFile } from 'node:fs/promises';
import type { Access } from './access.ts';
import { configError, type Kubeconfig, readKubeconfig } from './read-kubeconfig.ts';

export interface FollowOptions {
  readonly files: readonly string[];
  /** Files that are not there are passed over, as long as one is. */
  readonly optional: boolean;
  /** What the files say of the cluster. */
  readonly accessOf: (config: Kubeconfig) => Access;
  readonly rereadMs: number;
  readonly now: () => number;
}

/**
 * The access that a kubeconfig gives, read anew when the files have changed: at the next load, every `rereadMs`, when the server has refused
 * what was read or somebody asks for it. Tools replace the token in it. The server stays: another one is another cluster. Rejects with KubeError `Config`.
 */
export async function followKubeconfig({ files, optional, accessOf, rereadMs, now }: FollowOptions): Promise<Access> {
  const read = async () => ({ texts: await textsOf(files), access: accessOf(await readKubeconfig(files, optional)) });
  let known = await read();
  const { server } = known.access;
  return {
    ...known.access,
    async load(refused, signal) {
      if ((await textsOf(files)) !== known.texts) {
        const next = await read();
        if (next.access.server !== server)
          throw configError(
            files.join(', '),
            `the server is ${next.access.server} now and was ${server}: restart weir`,
          );
        known = next;
      }
      const grant = await known.access.load(refused, signal);
      return { ...grant, untilMs: Math.min(grant.untilMs ?? Number.POSITIVE_INFINITY, now() + rereadMs) };
    },
  };
}

/** Held to compare: times and sizes of files do not tell every change. */
async function textsOf(files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.join('\0');
}
