/** Fetches and checks key material for listeners and backends. */
import type { AgentOptions as TlsOptions } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Context } from '../../src/model/index.ts';
import type { TlsMaterial } from './listener.ts';
import type { PortFailure } from './port.ts';
import type { BackendSettings, ListenerSettings } from './table.ts';

/** What a listener got, and why not all of it. */
export interface Fetched {
  readonly material?: TlsMaterial;
  readonly failure?: PortFailure;
}

/** Certificates of a listener. One that is missing or broken leaves out its hosts and nothing else. */
export async function fetchMaterial(settings: ListenerSettings, ctx: Context): Promise<Fetched> {
  if (settings.tls === undefined) return {};
  const hosts = new Map<string, SecureContext>();
  let first: TlsMaterial['default'] | undefined;
  let failure: PortFailure | undefined;
  for (const cert of settings.certs) {
    const pem = await ctx.secret(cert);
    if (pem === undefined) {
      failure ??= { code: 'E_CERT_MISSING', message: `The certificate of ${cert.origin} is not there.` };
      continue;
    }
    try {
      const context = createSecureContext({ cert: pem, key: pem });
      if (first === undefined || cert.isDefault) first = { context, pem };
      for (const host of cert.hosts) if (!hosts.has(host)) hosts.set(host, context);
    } catch {
      // The library's message may quote the material: name the origin only.
      failure ??= { code: 'E_CERT_INVALID', message: `The certificate or key of ${cert.origin} cannot be used.` };
    }
  }
  if (first === undefined) {
    return { failure: failure ?? { code: 'E_CERT_MISSING', message: `Port ${settings.port} has no certificate.` } };
  }
  const base = failure === undefined ? {} : { failure };
  if (!settings.tls.mutual) return { ...base, material: { default: first, hosts } };
  const ca = await fetchCa(settings.tls, ctx);
  // Without its authority nobody can be told apart: better closed than open to all.
  if (ca === undefined)
    return {
      failure: { code: 'E_CERT_MISSING', message: `The client authority of port ${settings.port} is not there.` },
    };
  return { ...base, material: { default: first, hosts, mutual: { ca } } };
}

/** How to speak TLS to the targets of a backend; undefined: plain. */
export async function fetchTargetTls(
  { protocol, tls }: BackendSettings,
  ctx: Context,
): Promise<TlsOptions | undefined> {
  if (protocol !== 'https' && tls === undefined) return undefined;
  const ca = tls === undefined ? undefined : await fetchCa(tls, ctx);
  return {
    rejectUnauthorized: tls?.verify ?? false,
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(ca === undefined ? {} : { ca }),
  };
}

async function fetchCa(
  from: { caSha256?: string | undefined; caOrigin?: string | undefined },
  ctx: Context,
): Promise<string | undefined> {
  if (from.caSha256 === undefined) return undefined;
  return ctx.secret({ sha256: from.caSha256, origin: from.caOrigin ?? '' });
}
