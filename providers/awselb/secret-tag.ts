/**
 * The tag that remembers which OIDC client secret a listener or rule was given, since AWS never shows it: hash and place, never the
 * secret. Written beside the call that hands the secret over; hidden from the set Tags.
 */
import type { Attrs, Json } from '../../src/model/index.ts';

export const secretTag = 'weir-lb.dev/client-secret';

/** Value of the tag for an attribute ClientSecret; undefined when there is none. */
export function secretTagValue(secret: Json | undefined): string | undefined {
  if (typeof secret !== 'object' || secret === null || !('sha256' in secret)) return undefined;
  const { sha256, origin } = secret;
  // Tags take no more than 256 of few characters: those of base64 are among them.
  return typeof sha256 === 'string' && typeof origin === 'string'
    ? `${sha256}:${Buffer.from(origin).toString('base64')}`.slice(0, 256)
    : undefined;
}

/** The attribute as it was when the tag was written. */
export function readSecretTag(value: string | undefined): Attrs {
  const [, sha256, origin] = /^([0-9a-f]{64}):(.*)$/.exec(value ?? '') ?? [];
  if (sha256 === undefined || origin === undefined) return {};
  return { ClientSecret: { sha256, origin: Buffer.from(origin, 'base64').toString() } };
}
