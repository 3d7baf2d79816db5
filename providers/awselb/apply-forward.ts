/** The actions of listeners and rules as the API takes them: whole, whatever of them a step changes. */
import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Attrs, Handle, Member, Step } from '../../src/model/index.ts';
import type { Call, View } from './apply-call.ts';
import { fieldsOf, isEmpty, isObject, listOf } from './apply-codec.ts';
import { secretTag, secretTagValue } from './secret-tag.ts';

export interface Acts {
  /** What stands before, or in the place of, the forward. */
  readonly actions: readonly Attrs[];
  readonly groups: ReadonlyMap<Handle, Member>;
  /** A single target group, besides the weighted ones. */
  readonly group?: Handle | undefined;
  readonly sticky: Attrs;
  readonly clientSecret?: string | undefined;
}

export function actsOf(attrs: Attrs, groups: ReadonlyMap<Handle, Member>, group: Handle | undefined, view: View): Acts {
  const sticky = isObject(attrs.TargetGroupStickinessConfig) ? attrs.TargetGroupStickinessConfig : {};
  const actions = listOf<Attrs>(attrs.DefaultActions ?? attrs.Actions);
  return { actions, groups, group, sticky, clientSecret: view.clientSecret };
}

/**
 * Undefined where nothing is left that could end a request: what does comes with another step, and until then the old actions stand.
 * A redirect or answer of its own takes the place of a forward that is still there.
 */
export function writeActions({ actions, groups, group, sticky, clientSecret }: Acts): Action[] | undefined {
  const shares = new Map([...groups].map(([handle, { attrs }]) => [handle, Number(attrs.Weight ?? 1)]));
  if (group !== undefined && (shares.get(group) ?? 0) === 0) shares.set(group, 1);
  const ends = actions.some(({ Type }) => Type === 'redirect' || Type === 'fixed-response');
  if (!ends && shares.size === 0) return undefined;
  const own = actions.map((action) => fieldsOf<Action>(withSecret(action, clientSecret), ...actionFields));
  const all: Action[] = ends ? own : [...own, forward(shares, sticky)];
  return all.length === 1 ? all : all.map((action, at) => ({ ...action, Order: at + 1 }));
}

const actionFields = [
  'Type',
  'RedirectConfig',
  'FixedResponseConfig',
  'AuthenticateCognitoConfig',
  'AuthenticateOidcConfig',
  'JwtValidationConfig',
] as const satisfies readonly (keyof Action)[];

/** A secret is sent once; afterwards AWS keeps the one it has. */
function withSecret(action: Attrs, clientSecret: string | undefined): Attrs {
  const { AuthenticateOidcConfig: config } = action;
  if (!isObject(config)) return action;
  const secret = clientSecret === undefined ? { UseExistingClientSecret: true } : { ClientSecret: clientSecret };
  return { ...action, AuthenticateOidcConfig: { ...config, ...secret } };
}

function forward(shares: ReadonlyMap<Handle, number>, sticky: Attrs): Action {
  const [only] = shares;
  if (shares.size === 1 && only !== undefined && only[1] !== 0 && isEmpty(sticky))
    return { Type: 'forward', TargetGroupArn: only[0] };
  return {
    Type: 'forward',
    ForwardConfig: {
      TargetGroups: [...shares].map(([TargetGroupArn, Weight]) => ({ TargetGroupArn, Weight })),
      ...(isEmpty(sticky) ? {} : { TargetGroupStickinessConfig: sticky }),
    },
  };
}

/** The hidden tag that tells which client secret was sent: in a create. */
export function secretTags({ ClientSecret }: Attrs): { Key: string; Value: string }[] {
  const Value = secretTagValue(ClientSecret);
  return Value === undefined ? [] : [{ Key: secretTag, Value }];
}

/** The same, after a change. */
export function secretChanged(handle: Handle, { attrs = {} }: Step): readonly Call[] {
  if (attrs.ClientSecret === undefined) return [];
  const Tags = secretTags(attrs);
  return Tags.length > 0
    ? [{ name: 'AddTags', input: { ResourceArns: [handle], Tags } }]
    : [{ name: 'RemoveTags', input: { ResourceArns: [handle], TagKeys: [secretTag] } }];
}
