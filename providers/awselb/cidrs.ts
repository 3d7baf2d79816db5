import { type Cidr, parseCidr } from '../../src/net/index.ts';
import { compare } from './conditions.ts';

/** The fewest ranges that cover the same addresses: contained ones dropped, neighbours joined. Canonical texts, IPv4 before IPv6. */
export function aggregate(ranges: readonly string[]): readonly string[] {
  const families = new Map<string, Map<string, Cidr>>();
  for (const range of ranges) {
    const parsed = parseCidr(range);
    if (!parsed.ok) continue;
    const { family, text } = parsed.value;
    const known = families.get(family) ?? new Map<string, Cidr>();
    families.set(family, known.set(text, parsed.value));
  }
  return ['ipv4', 'ipv6']
    .flatMap((family) => fold([...(families.get(family)?.values() ?? [])]))
    .map(({ text }) => text);
}

function fold(ranges: readonly Cidr[]): readonly Cidr[] {
  const sorted = [...ranges].sort((a, b) => compareBytes(a, b) || a.prefix - b.prefix);
  const kept: Cidr[] = [];
  for (const range of sorted) {
    const last = kept.at(-1);
    if (last !== undefined && covers(last, range)) continue;
    kept.push(range);
    // Two halves of one range become it, which may again be half of one.
    for (let joined = join(kept); joined !== undefined; joined = join(kept)) kept.splice(-2, 2, joined);
  }
  return kept;
}

function join(ranges: readonly Cidr[]): Cidr | undefined {
  const [a, b] = ranges.slice(-2);
  if (a === undefined || b === undefined || a.prefix !== b.prefix || a.prefix === 0) return undefined;
  const parent = parseCidr(`${a.text.split('/')[0]}/${a.prefix - 1}`);
  return parent.ok && compareBytes(parent.value, a) === 0 && covers(parent.value, b) ? parent.value : undefined;
}

function covers(outer: Cidr, inner: Cidr): boolean {
  if (outer.prefix > inner.prefix) return false;
  const cut = parseCidr(`${inner.text.split('/')[0]}/${outer.prefix}`);
  return cut.ok && compareBytes(cut.value, outer) === 0;
}

function compareBytes(a: Cidr, b: Cidr): number {
  for (const [i, byte] of a.bytes.entries()) {
    const other = b.bytes[i] ?? 0;
    if (byte !== other) return byte - other;
  }
  return 0;
}

/** Ranges in a fixed order without repetition, as they were written but canonical. */
export function listed(ranges: readonly string[]): readonly string[] {
  const texts = ranges.flatMap((range) => {
    const parsed = parseCidr(range);
    return parsed.ok ? [parsed.value.text] : [];
  });
  return [...new Set(texts)].sort(compare);
}
