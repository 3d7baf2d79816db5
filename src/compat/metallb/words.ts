/** Values that the objects of MetalLB share. */
import { z } from 'zod';
import { isSafeText, parseAddress, parseDuration } from '../../net/index.ts';

/** Names of objects, interfaces, VRFs: short, and nothing in them that could break a line. */
export const name = z
  .string()
  .min(1, 'must not be empty')
  .max(253)
  .refine(isSafeText, 'must not have control characters');

/** Each at most once, as MetalLB's webhook has it. */
export const names = z.array(name).superRefine((list, ctx) => {
  const seen = new Set<string>();
  for (const [i, one] of list.entries()) {
    if (seen.has(one)) ctx.addIssue({ code: 'custom', path: [i], message: 'is named twice; remove one of them' });
    seen.add(one);
  }
});

/** An empty list is none. */
export const maybeNames = names.optional().transform((list) => (list?.length === 0 ? undefined : list));

export const asn = z.int().min(1).max(4_294_967_295);

function parsed<T>(parse: (text: string) => { ok: true; value: T } | { ok: false; reason: string }) {
  return z.string().transform((text, ctx) => {
    const result = parse(text);
    if (result.ok) return result.value;
    ctx.addIssue({ code: 'custom', message: result.reason });
    return z.NEVER;
  });
}

export const address = parsed(parseAddress);
export const ipv4 = address.refine((text) => !text.includes(':'), 'must be an IPv4 address');

/** `90s`, `1m30s`; 0 stands for none. */
export const durationMs = parsed((text) => (text === '0' ? { ok: true, value: 0 } : parseDuration(text)));

const large = /^large:(\d{1,10}):(\d{1,10}):(\d{1,10})$/;
const plain = /^(\d{1,5}):(\d{1,5})$/;

/** A community as a value: `65000:100`, or `large:65000:1:2`. */
export function isCommunity(text: string): boolean {
  const parts = large.exec(text)?.slice(1);
  if (parts !== undefined) return parts.every((part) => Number(part) <= 0xffff_ffff);
  return (
    plain
      .exec(text)
      ?.slice(1)
      .every((part) => Number(part) <= 0xffff) === true
  );
}

export const communityWords = 'must be 65000:100 (16 bits each) or large:65000:1:2 (32 bits each)';
