import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import type { Env } from './guard.ts';

const texts = new WeakMap<object, { readonly text: string; readonly etag: string }>();

/** A JSON document with ETag; 304 when the client has it. The text of one object is made once. */
export function answerJson(c: Context<Env>, value: object): Response {
  let made = texts.get(value);
  if (made === undefined) {
    const text = `${JSON.stringify(value)}\n`;
    made = { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
    texts.set(value, made);
  }
  c.header('etag', made.etag);
  const known = (c.req.header('if-none-match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(made.etag) || known.includes('*')) return c.body(null, 304);
  return c.body(made.text, 200, { 'content-type': 'application/json; charset=utf-8' });
}
