import { parseDocument } from 'yaml';
import { z } from 'zod';
import { flattenIssues, toJsonSchema } from '../config/index.ts';
import { type Environment, fieldName, suggestion, WeirError } from '../model/index.ts';
import type { Providers } from './deps.ts';
import type { Io } from './io.ts';

const file = z.record(z.string(), z.record(z.string(), z.json()));

/** Reads `--environment FILE`: provider name → what discovery would yield, checked by the provider's own schema. JSON or YAML. */
export async function readEnvironments(
  path: string,
  io: Io,
  providers: Providers,
): Promise<Readonly<Record<string, Environment>>> {
  const text = await io.read(path);
  if (text === undefined) throw new WeirError('E_FILE_READ', `there is no file ${path} (--environment)`);
  const document = parseDocument(text, { prettyErrors: false });
  const [broken] = document.errors;
  if (broken !== undefined) throw new WeirError('E_FILE_SYNTAX', `${path} (--environment): ${broken.message}`);
  const parsed = file.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {}, { reportInput: true });
  if (!parsed.success) throw wrong(path, [], parsed.error, file);
  for (const [name, environment] of Object.entries(parsed.data)) {
    const schemas = await providers.schemas(name);
    if (schemas === undefined) {
      const known = `known: ${providers.names.join(', ')}${suggestion(name, providers.names)}`;
      throw new WeirError('E_PROVIDER_UNKNOWN', `${path} (--environment) has ${JSON.stringify(name)}; ${known}`);
    }
    const checked = schemas.environment.safeParse(environment, { reportInput: true });
    if (!checked.success) throw wrong(path, [name], checked.error, schemas.environment);
  }
  return parsed.data;
}

function wrong(path: string, prefix: readonly string[], error: z.ZodError, schema: z.ZodType): WeirError {
  const findings = flattenIssues(error.issues, toJsonSchema(schema));
  const lines = findings.map((found) => `${fieldName([...prefix, ...found.path])}: ${found.message}${found.near}`);
  return new WeirError('E_FIELD_VALUE', `${path} (--environment): ${lines.join('; ')}`);
}
