/** Which rule of a listener a request meets: priorities, wildcards, expressions, ranges, as AWS matches them. */
import { inRange } from '../ec2/state.ts';
import { hasRegex, valuesOf } from '../elbv2/conditions.ts';
import { rulesOf } from '../elbv2/rules.ts';
import type { Listener, Rule } from '../elbv2/state.ts';

export interface ProbeRequest {
  readonly host?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly sourceIp?: string;
}

/** The first rule by priority whose conditions all hold; the default rule if none. */
export function matchRule(listener: Listener, request: ProbeRequest): Rule {
  return (
    rulesOf(listener).find((rule) => rule.conditions.every((condition) => holds(condition, request))) ??
    listener.defaultRule
  );
}

function holds(condition: Rule['conditions'][number], request: ProbeRequest): boolean {
  const values = valuesOf(condition);
  const regex = hasRegex(condition);
  const some = (text: string, ignoreCase: boolean) =>
    values.some((value) => (regex ? new RegExp(`^(?:${value})$`) : wildcard(value, ignoreCase)).test(text));
  switch (condition.Field) {
    case 'host-header':
      return some((request.host ?? '').replace(/:\d+$/, ''), true);
    case 'path-pattern':
      return some(request.path ?? '/', false);
    case 'http-request-method':
      return values.includes(request.method ?? 'GET');
    case 'http-header': {
      const name = condition.HttpHeaderConfig?.HttpHeaderName?.toLowerCase();
      const found = Object.entries(request.headers ?? {}).find(([key]) => key.toLowerCase() === name);
      return found !== undefined && some(found[1], true);
    }
    case 'query-string':
      return (condition.QueryStringConfig?.Values ?? []).some(({ Key, Value = '' }) =>
        Object.entries(request.query ?? {}).some(
          ([key, value]) => (Key === undefined || wildcard(Key, true).test(key)) && wildcard(Value, true).test(value),
        ),
      );
    case 'source-ip':
      return values.some((range) => inRange(request.sourceIp ?? '203.0.113.9', range));
    default:
      return false;
  }
}

const compiled = new Map<string, RegExp>();

/** `*` is any text, `?` exactly one character; a backslash quotes them. */
function wildcard(pattern: string, ignoreCase: boolean): RegExp {
  const key = `${ignoreCase} ${pattern}`;
  let found = compiled.get(key);
  if (found === undefined) {
    const source = pattern.replace(/\\[*?]|[\s\S]/g, (part) => {
      if (part === '*') return '[\\s\\S]*';
      if (part === '?') return '[\\s\\S]';
      return part.length === 2 ? part : part.replace(/[.+^${}()|[\]\\/]/g, '\\$&');
    });
    found = new RegExp(`^${source}$`, ignoreCase ? 'i' : '');
    compiled.set(key, found);
  }
  return found;
}
