import type { LoadIdentity } from './access.ts';
import type { IdentityContext } from './identity.ts';
import { KubeError } from './kube-error.ts';
import type { UserEntry } from './kubeconfig-schema.ts';
import { checkToken } from './read-credential.ts';
import { codeOf, configError, type Placed } from './read-kubeconfig.ts';

type ProviderEntry = NonNullable<UserEntry['auth-provider']>;

const known = ['oidc', 'gcp', 'azure'];
const earlyMs = 30_000;

/**
 * The older providers of a kubeconfig, by client-node, which is loaded here and nowhere else: it costs 85 MB of memory. A refreshed token
 * stays in memory; the kubeconfig is not written.
 */
export function createProviderIdentity(
  user: Placed<UserEntry>,
  provider: ProviderEntry,
  { now, wall }: IdentityContext,
): LoadIdentity {
  const where = `${user.file}, user ${user.name}, auth-provider`;
  if (!known.includes(provider.name))
    throw configError(where, `${JSON.stringify(provider.name)} is none of ${known.join(', ')}: use exec`);
  // Lives as long as the cluster: a refresh may give a new refresh token, and only that one is good afterwards.
  const config: Record<string, string> = { ...provider.config };
  return async () => {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const loader = new KubeConfig();
    loader.loadFromOptions({
      clusters: [{ name: 'c', server: 'https://localhost', skipTLSVerify: false }],
      users: [{ name: 'u', authProvider: { name: provider.name, config } }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
      currentContext: 'x',
    });
    const asked: { headers: Record<string, string> } = { headers: {} };
    try {
      await loader.applyToHTTPSOptions(asked);
    } catch (error) {
      throw new KubeError(
        0,
        'Credentials',
        `kubeconfig ${where} ${provider.name}: no token (${codeOf(error)}): log in again, or use exec`,
      );
    }
    const authorization = asked.headers.Authorization;
    if (authorization === undefined)
      throw new KubeError(
        0,
        'Credentials',
        `kubeconfig ${where} ${provider.name}: no token: log in again, or use exec`,
      );
    const token = checkToken(authorization.replace(/^Bearer /, ''), `kubeconfig ${where}`);
    const leftMs = lifeOf(token) * 1_000 - wall();
    return {
      headers: { authorization: `Bearer ${token}` },
      untilMs: now() + (Number.isNaN(leftMs) ? 60_000 : Math.max(leftMs - earlyMs, leftMs / 2, 1_000)),
    };
  };
}

/** `exp` of a JWT in seconds; NaN when it is none. */
function lifeOf(token: string): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    if (typeof claims === 'object' && claims !== null && 'exp' in claims && typeof claims.exp === 'number')
      return claims.exp;
  } catch {
    // Not every token is a JWT.
  }
  return Number.NaN;
}
