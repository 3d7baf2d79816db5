import type { ZodType } from 'zod';
import { type FieldPath, type Problem, shown, suggestion } from '../model/index.ts';
import type { Config } from './config.ts';
import { flattenIssues, problemOf } from './issues.ts';
import { toJsonSchema } from './json-schema.ts';

/** The providers as far as their options go; the registry is passed in, so that reading a file loads no provider by itself. */
export interface ProviderLookup {
  readonly names: readonly string[];
  /** The provider's options schema; undefined for an unknown name. */
  options(name: string): Promise<ZodType | undefined>;
}

/** Names and options of all balancers, held against their providers. `place` adds where a field stands. */
export async function checkProviders(
  config: Config,
  providers: ProviderLookup,
  place: (path: FieldPath, problem: Problem, unknown: boolean) => Problem,
): Promise<readonly Problem[]> {
  const checked = await Promise.all(
    config.balancers.map(async (balancer, i) => {
      const schema = providers.names.includes(balancer.provider)
        ? await providers.options(balancer.provider)
        : undefined;
      if (schema === undefined) {
        const path = ['balancers', i, 'provider'];
        return [place(path, unknownProvider(balancer.provider, providers.names, `balancers[${i}].provider`), false)];
      }
      const parsed = schema.safeParse(balancer.options, { reportInput: true });
      if (parsed.success) return [];
      const data = { balancers: Array.from({ length: i + 1 }, () => ({ options: balancer.options })) };
      return flattenIssues(parsed.error.issues, toJsonSchema(schema)).map((found) => {
        const path = ['balancers', i, 'options', ...found.path];
        return place(path, problemOf({ ...found, path }, data, 'configuration'), found.unknown);
      });
    }),
  );
  return checked.flat();
}

/** Balancers with the files that their options name (`format: path` in their schema) where `settled` says they are. */
export async function settleFiles(
  balancers: Config['balancers'],
  providers: ProviderLookup,
  settled: (path: string) => string,
): Promise<Config['balancers']> {
  return Promise.all(
    balancers.map(async (balancer) => {
      const schema = await providers.options(balancer.provider);
      const fields = schema === undefined ? {} : (toJsonSchema(schema).properties ?? {});
      const files = Object.entries(fields).flatMap(([name, field]) => {
        const path = balancer.options[name];
        const isFile = typeof field === 'object' && field.format === 'path' && typeof path === 'string';
        return isFile ? [[name, settled(path)] as const] : [];
      });
      return files.length === 0
        ? balancer
        : { ...balancer, options: { ...balancer.options, ...Object.fromEntries(files) } };
    }),
  );
}

function unknownProvider(name: string, names: readonly string[], field: string): Problem {
  return {
    code: 'E_PROVIDER_UNKNOWN',
    severity: 'error',
    source: 'configuration',
    field,
    value: shown(name),
    message: `there is no provider ${shown(JSON.stringify(name))}; known: ${names.join(', ')}${suggestion(name, names)}`,
  };
}
