import { resolve } from 'node:path';
import type { Identity, LoadIdentity } from './access.ts';
import { createProviderIdentity } from './auth-provider.ts';
import { createExecIdentity } from './exec-identity.ts';
import type { ClusterEntry, UserEntry } from './kubeconfig-schema.ts';
import { checkToken, readMaterial, readToken } from './read-credential.ts';
import { configError, type Placed } from './read-kubeconfig.ts';

export interface IdentityContext {
  readonly rereadMs: number;
  readonly now: () => number;
  readonly wall: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How a user of a kubeconfig identifies itself: certificate, token, file, password, plugin, provider; and as whom it acts. */
export function createIdentity(
  user: Placed<UserEntry>,
  cluster: Placed<ClusterEntry>,
  context: IdentityContext,
): { readonly load: LoadIdentity; readonly reloadEveryMs: number } {
  const { entry } = user;
  const where = `${user.file}, user ${user.name}`;
  if (entry.exec != null && entry['auth-provider'] != null)
    throw configError(where, 'exec and auth-provider exclude each other: remove one');
  const acting = actingAs(entry, where);
  const dynamic =
    entry.exec != null
      ? createExecIdentity(user, entry.exec, cluster, context)
      : entry['auth-provider'] != null
        ? createProviderIdentity(user, entry['auth-provider'], context)
        : undefined;
  return {
    reloadEveryMs: dynamic === undefined ? 250 : 5_000,
    async load(refused, signal) {
      const fixed = await readFixed(user, context);
      // As with kubectl, what stands in the file itself goes before what a plugin says.
      const asked =
        dynamic === undefined || fixed.headers.authorization !== undefined ? undefined : await dynamic(refused, signal);
      const untilMs = Math.min(fixed.untilMs ?? Number.POSITIVE_INFINITY, asked?.untilMs ?? Number.POSITIVE_INFINITY);
      return {
        ...fixed,
        ...asked,
        headers: { ...acting, ...fixed.headers, ...asked?.headers },
        ...(untilMs === Number.POSITIVE_INFINITY ? {} : { untilMs }),
      };
    },
  };
}

/** What the entry holds or points at by file name. */
async function readFixed(user: Placed<UserEntry>, { rereadMs, now }: IdentityContext): Promise<Identity> {
  const { entry } = user;
  const owner = `user ${user.name}`;
  const read = (field: 'client-certificate' | 'client-key') =>
    readMaterial(user, owner, field, entry[`${field}-data`], entry[field]);
  const cert = await read('client-certificate');
  const key = await read('client-key');
  if ((cert === undefined) !== (key === undefined))
    throw configError(
      `${user.file}, ${owner}`,
      `${cert === undefined ? 'client-certificate' : 'client-key'} is missing: a certificate and its key belong together`,
    );
  const fromFiles =
    entry.tokenFile !== undefined ||
    (entry['client-certificate'] !== undefined && entry['client-certificate-data'] === undefined);
  const authorization = await readAuthorization(user);
  return {
    headers: authorization === undefined ? {} : { authorization },
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(fromFiles ? { untilMs: now() + rereadMs } : {}),
  };
}

async function readAuthorization({ entry, file, directory, name }: Placed<UserEntry>): Promise<string | undefined> {
  const where = `kubeconfig ${file}, user ${name}`;
  // The file counts before the token beside it, which is only what the file held once.
  if (entry.tokenFile !== undefined)
    return `Bearer ${await readToken(resolve(directory, entry.tokenFile), `${where}, tokenFile`)}`;
  if (entry.token !== undefined) return `Bearer ${checkToken(entry.token, `${where}, token`)}`;
  if (entry.username === undefined) return undefined;
  return `Basic ${Buffer.from(`${entry.username}:${entry.password ?? ''}`).toString('base64')}`;
}

/** Headers of impersonation. */
function actingAs(entry: UserEntry, where: string): Record<string, string | readonly string[]> {
  const { as: name, 'as-uid': uid, 'as-groups': groups, 'as-user-extra': extra } = entry;
  if (name === undefined) {
    if (uid !== undefined || (groups ?? []).length > 0 || Object.keys(extra ?? {}).length > 0)
      throw configError(where, 'as is missing: as-uid, as-groups and as-user-extra need it');
    return {};
  }
  const values = [name, uid ?? '', ...(groups ?? []), ...Object.values(extra ?? {}).flat()];
  if (values.some((value) => !/^[\x20-\x7e]*$/.test(value)))
    throw configError(where, 'as, as-uid, as-groups and as-user-extra take printable ASCII only');
  return {
    'impersonate-user': name,
    ...(uid === undefined ? {} : { 'impersonate-uid': uid }),
    ...(groups == null || groups.length === 0 ? {} : { 'impersonate-group': groups }),
    ...Object.fromEntries(
      Object.entries(extra ?? {}).map(([key, list]) => [
        `impersonate-extra-${encodeURIComponent(key).toLowerCase()}`,
        list,
      ]),
    ),
  };
}
