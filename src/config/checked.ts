import { z } from 'zod';
import { durationForm, type Parsed, parseDuration } from '../net/index.ts';

/**
 * A text that `parse` accepts; it stays text, so that the file, the flags and what is printed read alike. `form`: what JSON Schema is told of
 * it, for editors and for Helm.
 */
export function checked(parse: (text: string) => Parsed<unknown>, form?: RegExp) {
  const text = z.string().superRefine((text, ctx) => {
    const parsed = parse(text);
    if (!parsed.ok) ctx.addIssue({ code: 'custom', message: parsed.reason });
  });
  return form === undefined ? text : text.meta({ pattern: form.source });
}

/** A duration of at least so many milliseconds. */
export function duration(minMs: number) {
  return checked((text) => parseDuration(text, minMs), durationForm);
}
