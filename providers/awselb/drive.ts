import type { Context } from '../../src/model/index.ts';
import type { Clients } from './clients.ts';
import type { Known } from './known.ts';
import type { Options } from './options.ts';
import type { Registered } from './registered.ts';
import type { WantedStacks } from './wanted-stacks.ts';

/** What reading and writing have in common. `apply` finds objects as they are in `known`; the session notes there what was written. */
export interface Drive {
  readonly clients: Clients;
  readonly known: Known;
  readonly options: Options;
  /** Name of the cluster in ownership tags. */
  readonly cluster: string;
  readonly region: string;
  readonly ctx: Context;
  /** What was registered in target groups of others; absent: everything there. */
  readonly registered?: Registered;
  /** What was wanted earlier; absent: nothing was. */
  readonly stacks?: WantedStacks;
}
