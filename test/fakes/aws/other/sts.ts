/** STS: who am I. */
import * as sdk from '@aws-sdk/client-sts';
import { type Action, rowsOf } from '../core/action.ts';
import type { World } from '../core/world.ts';

export function stsActions(world: World): readonly Action[] {
  return [rowsOf(world)(sdk.GetCallerIdentity$, 'read', getCallerIdentity)];
}

function getCallerIdentity(world: World) {
  return {
    UserId: 'AIDAFAKEFAKEFAKEFAKE0',
    Account: world.accountId,
    Arn: `arn:aws:iam::${world.accountId}:user/weir`,
  };
}
