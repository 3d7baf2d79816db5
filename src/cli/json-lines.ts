import type { Io } from './io.ts';

/** Version of the lines' form: the second number grows when something is added, the first when something changes. */
const version = { type: 'version', schema: '1.0' };

/** Writes one JSON object a line on stdout; the first names the version. */
export function jsonLines(io: Io): (type: string, value: object) => void {
  io.out(`${JSON.stringify(version)}\n`);
  return (type, value) => io.out(`${JSON.stringify({ type, ...value })}\n`);
}

export function json(io: Io, value: unknown): void {
  io.out(`${JSON.stringify(value, undefined, 2)}\n`);
}
