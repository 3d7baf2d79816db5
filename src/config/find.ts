import { join } from 'node:path';

/** A place where the configuration may stand. */
export interface Place {
  readonly path: string;
  /** Named by the user: it must be there. */
  readonly named: boolean;
  readonly why: string;
}

/**
 * Where to look, first match wins: --config, WEIR_CONFIG, ./weir.yaml, $XDG_CONFIG_HOME/weir/weir.yaml, /etc/weir/weir.yaml.
 * A named place ends the list. Service files given on the command line (`implicit` false) leave only named places:
 * the same command shall mean the same in every directory.
 */
export function places(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  implicit: boolean,
): readonly Place[] {
  if (named !== undefined) return [{ path: named, named: true, why: '--config' }];
  const variable = env.WEIR_CONFIG;
  if (variable !== undefined && variable !== '') return [{ path: variable, named: true, why: 'WEIR_CONFIG' }];
  if (!implicit) return [];
  const home = env.XDG_CONFIG_HOME || (env.HOME ? join(env.HOME, '.config') : undefined);
  const paths = ['weir.yaml', ...(home === undefined ? [] : [join(home, 'weir', 'weir.yaml')]), '/etc/weir/weir.yaml'];
  return paths.map((path) => ({ path, named: false, why: 'default place' }));
}
