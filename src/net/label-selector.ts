import { accept, type Parsed, refuse } from './parsed.ts';

type Labels = Readonly<Record<string, string>>;
export type LabelSelector = (labels: Labels) => boolean;

const key = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const value = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
const listed = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const compared = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/;

/**
 * A label selector as kubectl and the API take it: `a=b,c!=d,e in (x,y),f notin (z),g,!h`; all must hold. As there, `!=` and `notin`
 * hold too where the label is absent. An empty text selects everything.
 */
export function parseLabelSelector(text: string): Parsed<LabelSelector> {
  const terms: LabelSelector[] = [];
  for (const part of text.trim() === '' ? [] : splitTerms(text)) {
    const term = parseTerm(part.trim());
    if (term === undefined) {
      const reason = `must be terms such as team=shop, tier!=test, tier in (web,api), exposed or !hidden; ${JSON.stringify(part.trim().slice(0, 80))} is none`;
      return refuse('E_FIELD_VALUE', reason);
    }
    terms.push(term);
  }
  return accept((labels) => terms.every((holds) => holds(labels)));
}

/** At the commas that stand in no brackets. */
function splitTerms(text: string): readonly string[] {
  const parts: string[] = [];
  let [from, depth] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function parseTerm(text: string): LabelSelector | undefined {
  const [, listKey = '', how, list = ''] = listed.exec(text) ?? [];
  if (how !== undefined) {
    const values = new Set(list.split(',').map((one) => one.trim()));
    if (!key.test(listKey) || ![...values].every((one) => value.test(one))) return undefined;
    return (labels) => {
      const found = own(labels, listKey);
      return how === 'in' ? found !== undefined && values.has(found) : found === undefined || !values.has(found);
    };
  }
  const [, name = '', sign, wanted = ''] = compared.exec(text) ?? [];
  if (sign !== undefined) {
    if (!key.test(name) || !value.test(wanted)) return undefined;
    return (labels) => (own(labels, name) === wanted) === (sign !== '!=');
  }
  const absent = text.startsWith('!');
  const bare = absent ? text.slice(1).trim() : text;
  return key.test(bare) ? (labels) => (own(labels, bare) === undefined) === absent : undefined;
}

function own(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}
