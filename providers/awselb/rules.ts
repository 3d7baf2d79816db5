import {
  canonicalJson,
  type ExportedService,
  type Filter,
  type Json,
  type Listener,
  type MergedRule,
  type Resource,
  type Route,
} from '../../src/model/index.ts';
import { actOf } from './actions.ts';
import { compare, conditionsOf, splitConditions, valuesOfRule, wildcardsOf, writeConditions } from './conditions.ts';
import { ruleId } from './names.ts';
import type { RuleOptions } from './rule-options.ts';
import type { Frame } from './target-group.ts';
import { nameOf, tell, tellSetting } from './tell.ts';

/** Wildcards of one rule. */
const wildcards = 6;

interface Entry {
  readonly merged: MergedRule;
  readonly hosts: string[];
}

export interface RuleWish {
  readonly listener: Listener;
  readonly id: string;
  readonly place: string;
  readonly protocol: string;
  readonly members: ReadonlySet<ExportedService>;
}

/** The rules of an ALB listener in their order, and the target groups that they need. Priority is the rank in that order. */
export function rulesOf(
  { listener, id, place, protocol, members }: RuleWish,
  frame: Frame,
): { readonly rules: readonly Resource[]; readonly groups: readonly Resource[] } {
  const { build, unit } = frame;
  const rules = new Map<string, Resource>();
  const groups: Resource[] = [];
  for (const { merged, hosts } of inOrder(entriesOf(listener, members), frame)) {
    const { service, front, route } = merged;
    const options = ruleOptions(service, route, frame);
    const field = fieldOf(service, front.key, route);
    const drafts = conditionsOf(merged, hosts, options?.conditions);
    if ('unable' in drafts) {
      build.refuse(service, tell(service, 'E_FEATURE', field, drafts.value, drafts.unable));
      continue;
    }
    const parts = splitConditions(drafts);
    if (parts === undefined) {
      const message = `a rule holds ${valuesOfRule} values in all, and each of its conditions needs one; use fewer conditions`;
      build.refuse(service, tell(service, 'E_QUOTA', field, drafts.length, message));
      continue;
    }
    const acting = actOf({ merged, rule: options, listener: { protocol, port: listener.port }, field }, frame);
    groups.push(...acting.groups);
    const transforms = transformsOf(merged, options, field, frame);
    for (const part of parts) {
      if (wildcardsOf(part) > wildcards) {
        const message = `a rule holds ${wildcards} wildcards in all; use fewer`;
        build.refuse(service, tell(service, 'E_QUOTA', field, wildcardsOf(part), message));
      }
      const conditions = writeConditions(part);
      const text = canonicalJson([...conditions]);
      const before = rules.get(text);
      if (before !== undefined) {
        const other = [...members].find((member) => before.serves.includes(member.id));
        const whose = other === undefined || other === service ? 'an earlier route of the same service' : nameOf(other);
        build.warn(
          tell(
            service,
            'E_ROUTE_CONFLICT',
            field,
            text,
            `the same requests go to ${whose}; change host, path or conditions, or the order`,
          ),
        );
        continue;
      }
      rules.set(text, {
        kind: 'Rule',
        id: ruleId(id, text),
        unit,
        serves: [service.id],
        attrs: {
          Place: `${place} ${text}`,
          Conditions: conditions,
          Priority: rules.size + 1,
          ...acting.attrs,
          ...(transforms.length === 0 ? {} : { Transforms: transforms }),
        },
        refs: { ListenerArn: id },
        sets: {
          ...(acting.forward.size === 0 ? {} : { TargetGroups: acting.forward }),
          Tags: new Map([...frame.tags('', service), ...frame.claim(service)]),
        },
      });
    }
  }
  return { rules: [...rules.values()], groups };
}

/** Each route once, with all the hosts that it has won; behind them what is left of a host, where the listener's default is another's. */
function entriesOf({ hosts, default: rest }: Listener, members: ReadonlySet<ExportedService>): readonly Entry[] {
  const entries: Entry[] = [];
  const byRoute = new Map<Route, Entry>();
  const anyHost = hosts.some(({ host, rules }) => host === '' && rules.length > 0);
  for (const { host, rules, default: left } of hosts) {
    for (const merged of rules) {
      if (!members.has(merged.service)) continue;
      const known = byRoute.get(merged.route);
      if (known !== undefined) known.hosts.push(host);
      else {
        const entry = { merged, hosts: [host] };
        entries.push(entry);
        byRoute.set(merged.route, entry);
      }
    }
    if (left === undefined || host === '' || !members.has(left.service)) continue;
    if (left.service === rest?.service && !anyHost) continue;
    const route: Route = { hosts: [host], filters: [], action: left.action, order: Number.MAX_SAFE_INTEGER };
    entries.push({ merged: { ...left, path: { type: 'prefix', value: '/' }, route }, hosts: [host] });
  }
  return entries;
}

/** declared: as the members of the bundle come, then as each wrote it. specific: as the merge ordered them. */
function inOrder(entries: readonly Entry[], { build }: Frame): readonly Entry[] {
  const [first] = entries;
  if (first === undefined || build.settings(first.merged.service).ruleOrder !== 'declared') return entries;
  const place = ({ bundle, origin: { namespace, name } }: ExportedService) =>
    [bundle?.order ?? 0, `${namespace}/${name}`] as const;
  // What a merge adds for the rest of a host has no place in the declared order: the listener's default takes it.
  const written = entries.filter(({ merged }) => merged.route.order !== Number.MAX_SAFE_INTEGER);
  return written.sort((a, b) => {
    const [orderA, nameA] = place(a.merged.service);
    const [orderB, nameB] = place(b.merged.service);
    return orderA - orderB || compare(nameA, nameB) || a.merged.route.order - b.merged.route.order;
  });
}

export function ruleOptions(service: ExportedService, route: Route, { build }: Frame): RuleOptions | undefined {
  const { rules = {} } = build.settings(service);
  if (route.rule === undefined) return undefined;
  if (Object.hasOwn(rules, route.rule)) return rules[route.rule];
  build.refuse(
    service,
    tellSetting(
      service,
      'E_FIELD_MISSING',
      ['rules', route.rule],
      '(none)',
      'a route names this rule and it is not there; add it',
    ),
  );
  return undefined;
}

function fieldOf(service: ExportedService, key: string, route: Route): string {
  const front = service.fronts.findIndex((one) => one.key === key);
  const at = service.fronts[front]?.routes.indexOf(route) ?? -1;
  return at < 0 ? `fronts[${front}].default` : `fronts[${front}].routes[${at}]`;
}

/** Rewrites are transforms; an ALB changes no headers. */
function transformsOf(
  { service, front, route }: MergedRule,
  options: RuleOptions | undefined,
  field: string,
  { build }: Frame,
): readonly Json[] {
  const paths: Json[] = [];
  const hosts: Json[] = [];
  for (const filter of [...(front.filters ?? []), ...route.filters]) {
    const rewrite = rewriteOf(filter);
    if (rewrite !== undefined) (filter.type === 'host' ? hosts : paths).push(rewrite);
    else {
      const message = `an application load balancer has no filter of type ${filter.type}; it has no effect`;
      build.warn(tell(service, 'W_FEATURE', `${field}.filters`, filter.type, message));
    }
  }
  const own = (options?.transforms ?? []).map(
    ({ type, rewrites }): Json =>
      transform(
        type,
        rewrites.map(({ regex, replace }) => ({ Regex: regex, Replace: replace })),
      ),
  );
  const made = [
    ...(hosts.length === 0 ? [] : [transform('host-header-rewrite', hosts)]),
    ...(paths.length === 0 ? [] : [transform('url-rewrite', paths)]),
    ...own,
  ];
  return made.sort((a, b) => compare(canonicalJson(a), canonicalJson(b)));
}

function transform(type: string, rewrites: readonly Json[]): Json {
  return {
    Type: type,
    [type === 'url-rewrite' ? 'UrlRewriteConfig' : 'HostHeaderRewriteConfig']: { Rewrites: rewrites },
  };
}

function rewriteOf(filter: Filter): Json | undefined {
  switch (filter.type) {
    case 'rewriteRegex':
      return { Regex: filter.pattern, Replace: filter.to };
    case 'rewritePrefix':
      return {
        Regex: `^${filter.from.replace(/\/$/, '').replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(/.*)?$`,
        Replace: `${filter.to.replace(/\/$/, '')}$1`,
      };
    case 'host':
      return { Regex: '^.*$', Replace: filter.value };
    default:
      return undefined;
  }
}
