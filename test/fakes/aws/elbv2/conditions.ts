/** Conditions and transforms of rules: what may stand together, how many values and wildcards (API reference and quotas). */

import { isIP } from 'node:net';
import type { RuleCondition, RuleTransform } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { Quotas } from './quotas.ts';

type Condition = Given<RuleCondition>;

const fields = [
  'host-header',
  'path-pattern',
  'http-header',
  'http-request-method',
  'query-string',
  'source-ip',
] as const;
/** A rule may hold several of these and one of each other. */
const repeatable = ['http-header', 'query-string'];

export function checkConditions(quotas: Quotas, conditions: readonly Condition[]): readonly Condition[] {
  if (conditions.length === 0) refuse('ValidationError', 'A rule needs at least one condition');
  const seen = new Set<string>();
  for (const condition of conditions) {
    const { Field } = condition;
    const field = fields.find((name) => name === Field);
    if (field === undefined)
      refuse('ValidationError', `Condition field '${Field}' must be one of '[${fields.join(', ')}]'`);
    if (seen.has(field) && !repeatable.includes(field))
      refuse('ValidationError', `A rule can have only one condition on '${field}'`);
    seen.add(field);
    checkShape(condition, field);
  }
  const values = conditions.flatMap(valuesOf);
  const most = quotas['condition-values-per-alb-rule'];
  if (values.length > most) refuse('ValidationError', `A rule can only have '${most}' condition values`);
  const wildcards = conditions
    .filter(
      (condition) =>
        !hasRegex(condition) && condition.Field !== 'http-request-method' && condition.Field !== 'source-ip',
    )
    .flatMap(valuesOf);
  const count = wildcards.reduce((sum, value) => sum + (value.match(/[*?]/g)?.length ?? 0), 0);
  const limit = quotas['condition-wildcards-per-alb-rule'];
  if (count > limit) refuse('ValidationError', `A rule can only have '${limit}' condition wildcards`);
  return conditions.map(complete);
}

function checkShape(condition: Condition, field: (typeof fields)[number]): void {
  const configs = {
    'host-header': condition.HostHeaderConfig,
    'path-pattern': condition.PathPatternConfig,
    'http-header': condition.HttpHeaderConfig,
    'http-request-method': condition.HttpRequestMethodConfig,
    'query-string': condition.QueryStringConfig,
    'source-ip': condition.SourceIpConfig,
  };
  const strange = Object.entries(configs).find(([name, config]) => name !== field && config !== undefined);
  if (strange !== undefined)
    refuse('ValidationError', `The configuration of '${strange[0]}' cannot stand in a condition on '${field}'`);
  const listed = [condition.Values?.length, configs[field]].filter(Boolean).length;
  if (listed > 1)
    refuse('ValidationError', `A condition on '${field}' takes its values once: in Values or in its configuration`);
  if (condition.Values?.length && field !== 'host-header' && field !== 'path-pattern') {
    refuse('ValidationError', `A condition on '${field}' takes its values in its configuration`);
  }
  const values = valuesOf(condition);
  if (values.length === 0) refuse('ValidationError', `A condition on '${field}' needs at least one value`);
  for (const value of values) checkValue(condition, field, value);
}

function checkValue(condition: Condition, field: (typeof fields)[number], value: string): void {
  const bad = (): never =>
    refuse('ValidationError', `The value '${value}' of the condition on '${field}' is not valid`);
  if (value.length === 0 || value.length > 128) bad();
  if (hasRegex(condition)) {
    try {
      new RegExp(value);
    } catch {
      bad();
    }
    return;
  }
  if (field === 'host-header' && !/^[A-Za-z0-9.*?_-]+$/.test(value)) bad();
  if (field === 'path-pattern' && !/^[A-Za-z0-9_\-.$/~"'@:+&()!,;=%*?]+$/.test(value)) bad();
  if (field === 'http-request-method' && (!/^[A-Z_-]+$/.test(value) || value.length > 40)) bad();
  if (field === 'source-ip') {
    const [address = '', bits = ''] = value.split('/');
    if (isIP(address) === 0 || !/^\d+$/.test(bits) || Number(bits) > (isIP(address) === 4 ? 32 : 128)) bad();
    if (value === '255.255.255.255/32') bad();
  }
  const name = condition.HttpHeaderConfig?.HttpHeaderName;
  if (
    field === 'http-header' &&
    (name === undefined || !/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}$/.test(name) || name.toLowerCase() === 'host')
  ) {
    refuse('ValidationError', `The header name '${name}' is not valid`);
  }
}

export function hasRegex(condition: Condition): boolean {
  const { RegexValues, HostHeaderConfig, PathPatternConfig, HttpHeaderConfig } = condition;
  return [
    RegexValues,
    HostHeaderConfig?.RegexValues,
    PathPatternConfig?.RegexValues,
    HttpHeaderConfig?.RegexValues,
  ].some((values) => (values?.length ?? 0) > 0);
}

/** All values of a condition as texts; query pairs as `key=value`. */
export function valuesOf(condition: Condition): readonly string[] {
  const {
    Values,
    RegexValues,
    HostHeaderConfig,
    PathPatternConfig,
    HttpHeaderConfig,
    HttpRequestMethodConfig,
    SourceIpConfig,
  } = condition;
  const configs = [HostHeaderConfig, PathPatternConfig, HttpHeaderConfig];
  const query = condition.QueryStringConfig?.Values?.map(
    ({ Key, Value }) => `${Key === undefined ? '' : `${Key}=`}${Value ?? ''}`,
  );
  const inConfig = [
    ...configs.flatMap((config) => [...(config?.Values ?? []), ...(config?.RegexValues ?? [])]),
    ...(HttpRequestMethodConfig?.Values ?? []),
    ...(SourceIpConfig?.Values ?? []),
    ...(query ?? []),
  ];
  return inConfig.length > 0 ? inConfig : [...(Values ?? []), ...(RegexValues ?? [])];
}

/** The answers hold both forms for host and path. */
function complete(condition: Condition): Condition {
  if (condition.Field !== 'host-header' && condition.Field !== 'path-pattern') return condition;
  const regex = hasRegex(condition);
  const values = [...valuesOf(condition)];
  const config = regex ? { RegexValues: values } : { Values: values };
  const { Field } = condition;
  const form = Field === 'host-header' ? { HostHeaderConfig: config } : { PathPatternConfig: config };
  return regex ? { Field, RegexValues: values, ...form } : { Field, Values: values, ...form };
}

/** At most one transform of each type, each with its rewrites. */
export function checkTransforms(transforms: readonly Given<RuleTransform>[]): readonly Given<RuleTransform>[] {
  const types = transforms.map(({ Type }) => Type);
  if (new Set(types).size < types.length) refuse('ValidationError', 'A rule can have one transform of each type');
  for (const { Type, HostHeaderRewriteConfig, UrlRewriteConfig } of transforms) {
    const [config, other] =
      Type === 'url-rewrite'
        ? [UrlRewriteConfig, HostHeaderRewriteConfig]
        : [HostHeaderRewriteConfig, UrlRewriteConfig];
    if (other !== undefined || config?.Rewrites?.length !== 1)
      refuse('ValidationError', `A transform of type '${Type}' needs exactly one rewrite of its own`);
    try {
      new RegExp(config.Rewrites[0]?.Regex ?? '');
    } catch {
      refuse('ValidationError', `The expression '${config.Rewrites[0]?.Regex}' is not valid`);
    }
  }
  return transforms;
}
