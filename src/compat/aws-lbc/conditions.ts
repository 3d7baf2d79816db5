import type { Json, Route } from '../../model/index.ts';
import { parseCidr, parseHost } from '../../net/index.ts';
import type { ValueOf } from './annotation.ts';
import type { ingressFamilies } from './family-table.ts';

type Written = ValueOf<(typeof ingressFamilies)['conditions.']>;

/** Conditions of an annotation: what a route can say stands there, where every provider reads it; the rest are settings. */
export interface Conditions {
  readonly route: Pick<Route, 'methods' | 'sourceIps'>;
  readonly rest: readonly Json[];
  /** Hosts that are asked for beside that of the rule. */
  readonly hosts: readonly string[];
}

/** The conditions of a backend. `host` is that of its rule, empty for every host. */
export function conditionsOf(written: Written | undefined, host: string): Conditions {
  const rest: Json[] = [];
  const methods: string[] = [];
  const ranges: string[] = [];
  const hosts: string[] = [];
  const once = (field: string): boolean => written?.filter((one) => one.field === field).length === 1;
  for (const condition of written ?? []) {
    switch (condition.field) {
      case 'host-header': {
        const { values = [], regexValues } = condition.hostHeaderConfig;
        const plain = values.map((value) => parseHost(value));
        // A name that no host of the model can be keeps them all together: one of them has to match, not each.
        if (regexValues === undefined && plain.every(({ ok }) => ok))
          hosts.push(...plain.flatMap((one) => (one.ok ? [one.value] : [])));
        else
          rest.push({ field: condition.field, ...defined({ values: condition.hostHeaderConfig.values, regexValues }) });
        break;
      }
      case 'path-pattern':
        rest.push({ field: condition.field, ...defined(condition.pathPatternConfig) });
        break;
      case 'http-header': {
        const { httpHeaderName, values, regexValues } = condition.httpHeaderConfig;
        rest.push({ field: condition.field, name: httpHeaderName, ...defined({ values, regexValues }) });
        break;
      }
      case 'http-request-method':
        if (once(condition.field)) methods.push(...condition.httpRequestMethodConfig.values);
        else rest.push({ field: condition.field, values: condition.httpRequestMethodConfig.values });
        break;
      case 'query-string': {
        const values = condition.queryStringConfig.values.map(({ key, value }) => ({ ...defined({ key }), value }));
        rest.push({ field: condition.field, values });
        break;
      }
      case 'source-ip': {
        const texts = condition.sourceIPConfig.values.map((value) => {
          const range = parseCidr(value);
          return range.ok ? range.value.text : value;
        });
        if (once(condition.field)) ranges.push(...texts);
        else rest.push({ field: condition.field, values: texts });
        break;
      }
    }
  }
  const all = host === '' ? hosts : [host, ...hosts];
  return {
    route: {
      ...(methods.length === 0 ? {} : { methods }),
      ...(ranges.length === 0 ? {} : { sourceIps: ranges }),
    },
    rest,
    hosts: [...new Set(all)],
  };
}

function defined(fields: Readonly<Record<string, Json | undefined>>): Readonly<Record<string, Json>> {
  const entries = Object.entries(fields).flatMap(([key, value]): [string, Json][] =>
    value === undefined ? [] : [[key, value]],
  );
  return Object.fromEntries(entries);
}
