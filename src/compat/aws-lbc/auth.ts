import type { Json } from '../../model/index.ts';
import type { PeerContext } from '../reader.ts';
import type { Picked } from './backend-words.ts';

/**
 * Who may come in, as settings; undefined: everybody. `fault`: it is asked for and cannot be had, which was told; serving without it
 * would open what its owner closed.
 */
export function authOf(picked: Picked, context: PeerContext): Json | 'fault' | undefined {
  const type = picked.take('auth-type') ?? 'none';
  if (type === 'none') return undefined;
  const common = {
    ...given('scope', picked.take('auth-scope')),
    ...given('sessionCookieName', picked.take('auth-session-cookie')),
    ...given('sessionTimeoutSeconds', picked.take('auth-session-timeout')),
    ...given('onUnauthenticatedRequest', picked.take('auth-on-unauthenticated-request')),
  };
  if (type === 'cognito') {
    const pool = picked.take('auth-idp-cognito');
    if (pool === undefined) return missing(picked, 'auth-idp-cognito');
    return {
      type,
      userPoolArn: pool.userPoolARN,
      userPoolClientId: pool.userPoolClientID,
      userPoolDomain: pool.userPoolDomain,
      ...common,
      ...given('authenticationRequestExtraParams', pool.authenticationRequestExtraParams),
    };
  }
  const idp = picked.take('auth-idp-oidc');
  if (idp === undefined) return missing(picked, 'auth-idp-oidc');
  const client = context.client(idp.secretName);
  if (client === undefined) {
    picked.refuse(
      'auth-idp-oidc',
      `names Secret ${idp.secretName}, which must exist in the namespace with the keys clientID and clientSecret`,
    );
    return 'fault';
  }
  return {
    type,
    issuer: idp.issuer,
    authorizationEndpoint: idp.authorizationEndpoint,
    tokenEndpoint: idp.tokenEndpoint,
    userInfoEndpoint: idp.userInfoEndpoint,
    clientId: client.id,
    clientSecret: { sha256: client.secret.sha256, origin: client.secret.origin },
    ...common,
    ...given('authenticationRequestExtraParams', idp.authenticationRequestExtraParams),
  };
}

/** Who may come in is asked where there is TLS: at other ports nobody is asked, as with the peer. */
export function warnOpen(picked: Picked, port: number): void {
  picked.warn(
    'auth-type',
    `is asked at listeners of HTTPS alone: at port ${port} everybody is let in without; let it redirect (ssl-redirect), or leave it out of listen-ports`,
  );
}

function missing(picked: Picked, key: 'auth-idp-oidc' | 'auth-idp-cognito'): 'fault' {
  picked.refuse('auth-type', `needs the annotation ${picked.name(key)} beside it`);
  return 'fault';
}

function given(key: string, value: Json | undefined): Readonly<Record<string, Json>> {
  return value === undefined ? {} : { [key]: value };
}
