import type { Command } from 'commander';
import type { ZodType } from 'zod';
import { configSchema, renderReference, toJsonSchema } from '../../config/index.ts';
import { suggestion, WeirError } from '../../model/index.ts';
import type { CommandContext, ProviderSchemas } from '../deps.ts';
import { json } from '../json-lines.ts';

/** `weir schema`: JSON Schema (draft-7) for editors and checks. */
export function addSchema(program: Command, context: CommandContext): void {
  const command = program
    .command('schema')
    .description('print the JSON Schema of weir.yaml, of service files, of a provider')
    .option('--services', 'of weir service files')
    .option('--provider <name>', "of a provider's options")
    .option('--service-settings <name>', 'of the settings that a service may have for a provider')
    .option('--environment <name>', 'of what `render --environment` takes for a provider')
    .option('--reference', 'instead of a schema: the table of settings, flags and variables, as Markdown')
    .action(async () => {
      if (command.opts().reference === true) return context.io.out(renderReference());
      const [schema, title] = await choose(command, context);
      json(context.io, toJsonSchema(schema, title));
    });
}

async function choose(command: Command, { deps }: CommandContext): Promise<[ZodType, string]> {
  const given: Readonly<Record<string, unknown>> = command.opts();
  const chosen = Object.keys(given);
  if (chosen.length > 1) throw new WeirError('E_USAGE', 'schema prints one schema: give one option');
  if (given.services === true) return [await deps.services(), 'services of weir'];
  for (const [option, part] of parts) {
    const name = given[option];
    if (typeof name !== 'string') continue;
    const schemas = await deps.providers.schemas(name);
    if (schemas === undefined) {
      const { names } = deps.providers;
      const known = `known: ${names.join(', ')}${suggestion(name, names)}`;
      throw new WeirError('E_PROVIDER_UNKNOWN', `there is no provider ${JSON.stringify(name)}; ${known}`);
    }
    return [schemas[part], `${name}: ${part}`];
  }
  return [configSchema, 'weir.yaml'];
}

const parts: readonly (readonly [string, keyof ProviderSchemas])[] = [
  ['provider', 'options'],
  ['serviceSettings', 'serviceOptions'],
  ['environment', 'environment'],
];
