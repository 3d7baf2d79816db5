import type { CertRef, SecretRef } from '../../model/index.ts';
import { ownPrefix } from '../../model/prefix.ts';
import type { Draft } from './draft.ts';
import type { Lookup } from './object-store.ts';

/** An annotation that names a Secret. */
export interface MaterialWish {
  readonly namespace: string;
  readonly secret: string;
  /** Key of ours that names it. */
  readonly annotation: string;
}

/** The users of a Secret; undefined when they cannot be read, which is told. Nobody gets in then. */
export function takeUsers(wish: MaterialWish, draft: Draft, lookup: Lookup): SecretRef | undefined {
  const view = lookup.secret(wish.namespace, wish.secret);
  const effect = 'nobody gets in until then (503)';
  if (view === undefined)
    return tell(wish, draft, 'E_USERS_MISSING', `does not exist or is not of type Opaque; ${effect}`);
  if (!view.users.ok) return tell(wish, draft, view.users.code, `${view.users.reason}; ${effect}`);
  const { sha256, text } = view.users.value;
  draft.secrets.set(sha256, text);
  return { sha256, origin: originOf(wish) };
}

/** The authorities of a Secret (ca.crt); undefined when they cannot be read, which is told. `effect`: what does not go on without them. */
export function takeAuthority(wish: MaterialWish, effect: string, draft: Draft, lookup: Lookup): CertRef | undefined {
  const view = lookup.secret(wish.namespace, wish.secret);
  if (view === undefined) {
    return tell(wish, draft, 'E_CERT_MISSING', `does not exist or is not of a type that holds certificates; ${effect}`);
  }
  if (!view.authority.ok) return tell(wish, draft, 'E_CERT_INVALID', `${view.authority.reason}; ${effect}`);
  const { sha256, text } = view.authority.value;
  draft.secrets.set(sha256, text);
  return { sha256, origin: originOf(wish), names: [] };
}

/** The OAuth client of a Secret; undefined where there is none, and whoever asked says so. */
export function takeClient(
  namespace: string,
  secret: string,
  draft: Draft,
  lookup: Lookup,
): { readonly id: string; readonly secret: SecretRef } | undefined {
  const client = lookup.secret(namespace, secret)?.client;
  if (client === undefined) return undefined;
  const { sha256, text } = client.secret;
  draft.secrets.set(sha256, text);
  return { id: client.id, secret: { sha256, origin: `Secret ${namespace}/${secret}` } };
}

type Code = 'E_CERT_MISSING' | 'E_CERT_INVALID' | 'E_USERS_MISSING' | 'E_USERS_INVALID';

function tell(wish: MaterialWish, draft: Draft, code: string, why: string): undefined {
  const name = `${ownPrefix}${wish.annotation}`;
  const reason = `names ${originOf(wish)}, which ${why}`;
  draft.tell({ code: codeOf(code), path: ['metadata', 'annotations', name], name, value: wish.secret, reason });
  return undefined;
}

function codeOf(code: string): Code {
  return code === 'E_CERT_MISSING' || code === 'E_CERT_INVALID' || code === 'E_USERS_MISSING'
    ? code
    : 'E_USERS_INVALID';
}

function originOf({ namespace, secret }: MaterialWish): string {
  return `Secret ${namespace}/${secret}`;
}

/** Looks up the authorities of targets for the backends of an object. */
export function targetAuthority(
  namespace: string,
  draft: Draft,
  lookup: Lookup,
): (secret: string) => CertRef | undefined {
  const effect = 'its targets get no requests until then (503)';
  return (secret) => takeAuthority({ namespace, secret, annotation: 'backend-ca-secret' }, effect, draft, lookup);
}
