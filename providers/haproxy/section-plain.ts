/** Settings that backends of HTTP without wishes of their own share: HAProxy reads and keeps their lines once, not with each of a thousand. */
import type { Section } from './layout.ts';
import { balanceLines, onlySafeRetries } from './section-backend.ts';

/** A `defaults` section for each way to balance. `base`: the settings of all HTTP sections. */
export function plainTemplates(base: Section): readonly Section[] {
  return plains.map(({ name, lines }) => ({ head: `defaults ${name}`, lines: [...base.lines, ...lines] }));
}

/** The section as it stands in a file that has those settings; itself where they are not all it says. The same object for the same one. */
export function plainSection(section: Section): Section {
  let known = referring.get(section);
  if (known === undefined) {
    const from = names.get(section.lines.join('\n'));
    known = from === undefined ? section : { ...section, from };
    referring.set(section, known);
  }
  return known;
}

const plains = (['roundrobin', 'leastconn', 'source', 'uri', 'random'] as const).map((balance) => ({
  name: `own_http-${balance}`,
  lines: [...balanceLines({ balance, mode: 'http' }), onlySafeRetries],
}));

const names = new Map(plains.map(({ name, lines }) => [lines.join('\n'), name]));

const referring = new WeakMap<Section, Section>();
