import type { Command } from 'commander';
import type { ZodType } from 'zod';
import {
  configJsonSchema,
  type JsonSchema,
  renderFields,
  renderReference,
  renderServices,
  servicesJsonSchema,
  toJsonSchema,
} from '../../config/index.ts';
import { suggestion, WeirError } from '../../model/index.ts';
import type { CommandContext, Deps, ProviderSchemas } from '../deps.ts';
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
    .option(
      '--reference',
      'instead of a schema, as Markdown: the settings with flags and variables; with --provider: its options; with --services: the fields of service files',
    )
    .option(
      '--annotations',
      'instead of a schema, as Markdown: annotations of Kubernetes objects, our own and those of peers',
    )
    .addHelpText('after', editors)
    .action(async () => {
      const { reference, ...given }: Readonly<Record<string, unknown>> = command.opts();
      if (Object.keys(given).length > 1) throw new WeirError('E_USAGE', 'schema prints one schema: give one option');
      if (given.annotations === true) {
        if (reference === true) throw new WeirError('E_USAGE', 'schema prints one text: give --annotations alone');
        context.io.out(await context.deps.annotations());
      } else if (reference === true) context.io.out(await referenceOf(given, context.deps));
      else json(context.io, await schemaOf(given, context.deps));
    });
}

const editors = `
Editors with a YAML language server check and complete a file that names its schema in the first line:
  weir schema > weir.schema.json                        # yaml-language-server: $schema=weir.schema.json
  weir schema --services > services.schema.json         # yaml-language-server: $schema=services.schema.json
`;

type Given = Readonly<Record<string, unknown>>;

async function schemaOf(given: Given, deps: Deps): Promise<JsonSchema> {
  if (given.services === true) return servicesSchema(deps);
  for (const [option, part] of parts) {
    const name = given[option];
    if (typeof name === 'string') return toJsonSchema((await schemasOf(name, deps))[part], `${name}: ${part}`);
  }
  const { names } = deps.providers;
  const options = names.map(async (name) => [name, (await schemasOf(name, deps)).options] as const);
  return configJsonSchema(new Map(await Promise.all(options)));
}

async function referenceOf({ provider, services, ...rest }: Given, deps: Deps): Promise<string> {
  if (Object.keys(rest).length > 0)
    throw new WeirError('E_USAGE', '--reference takes --provider, --services or nothing beside it');
  if (services === true) return renderServices(await servicesSchema(deps));
  if (typeof provider !== 'string') return renderReference();
  return renderFields(toJsonSchema((await schemasOf(provider, deps)).options), 'balancers[].options');
}

/** With the settings of every provider that has any. */
async function servicesSchema(deps: Deps): Promise<JsonSchema> {
  const settings = new Map<string, ZodType>();
  for (const name of deps.providers.names) {
    const { serviceOptions } = await schemasOf(name, deps);
    if (Object.keys(toJsonSchema(serviceOptions).properties ?? {}).length > 0) settings.set(name, serviceOptions);
  }
  return servicesJsonSchema(await deps.services(), settings);
}

async function schemasOf(name: string, { providers }: Deps): Promise<ProviderSchemas> {
  const schemas = await providers.schemas(name);
  if (schemas !== undefined) return schemas;
  const known = `known: ${providers.names.join(', ')}${suggestion(name, providers.names)}`;
  throw new WeirError('E_PROVIDER_UNKNOWN', `there is no provider ${JSON.stringify(name)}; ${known}`);
}

const parts: readonly (readonly [string, Exclude<keyof ProviderSchemas, 'kinds' | 'capabilities'>])[] = [
  ['provider', 'options'],
  ['serviceSettings', 'serviceOptions'],
  ['environment', 'environment'],
];
