import { z } from 'zod';
import type { Given, Table } from '../alloc/index.ts';

const span = z.strictObject({ protocol: z.string(), from: z.int(), to: z.int() });
const schema = z.strictObject({
  novice: z.boolean(),
  given: z.array(
    z.strictObject({
      service: z.string(),
      addresses: z.array(z.string()).min(1),
      atMs: z.number(),
      by: z.string(),
      sharing: z
        .strictObject({ shareKey: z.string(), backendKey: z.string().optional(), ports: z.array(span) })
        .optional(),
      unfit: z.literal(true).optional(),
      still: z.array(z.string()).optional(),
    }),
  ),
});

/** What one machine gives, as a text for the others; the same for the same. */
export function writeTable({ novice, given }: Table): string {
  const entries = [...given].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ novice, given: entries.map(([service, one]) => ({ service, ...one })) });
}

/** Undefined: nothing that this weir understands. */
export function readTable(text: string): Table | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) return undefined;
  const given = parsed.data.given.map(({ service, sharing, unfit, still, ...one }): [string, Given] => {
    const { shareKey = '', backendKey, ports = [] } = sharing ?? {};
    const shared =
      sharing === undefined
        ? {}
        : { sharing: { shareKey, ports, ...(backendKey === undefined ? {} : { backendKey }) } };
    const told = { ...(unfit === undefined ? {} : { unfit }), ...(still === undefined ? {} : { still }) };
    return [service, { ...one, ...shared, ...told }];
  });
  return { novice: parsed.data.novice, given: new Map(given) };
}
