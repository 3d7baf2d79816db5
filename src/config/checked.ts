import { z } from 'zod';
import type { Parsed } from '../net/index.ts';

/** A text that `parse` accepts; it stays text, so that the file, the flags and what is printed read alike. */
export function checked(parse: (text: string) => Parsed<unknown>) {
  return z.string().superRefine((text, ctx) => {
    const parsed = parse(text);
    if (!parsed.ok) ctx.addIssue({ code: 'custom', message: parsed.reason });
  });
}
