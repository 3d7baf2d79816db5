/** weir.yaml, WEIR_* and flags become one checked `Config`. Knows no command, opens nothing but the one file it is told to read. */
export {
  type BalancerConfig,
  type Config,
  configSchema,
  type KubernetesSourceConfig,
  type SourceConfig,
} from './config.ts';
export { ConfigError } from './config-error.ts';
export { type ConfigDocument, readDocument } from './document.ts';
export { configJsonSchema, servicesJsonSchema } from './editor-schema.ts';
export { type Place, places } from './find.ts';
export { flattenIssues } from './issues.ts';
export { type JsonSchema, toJsonSchema } from './json-schema.ts';
export { isLoopback, type Listen, parseListen } from './listen.ts';
export { type Loaded, type LoadInput, loadConfig } from './load.ts';
export { type ConfigOption, configOptions } from './options.ts';
export { checkProviders, type ProviderLookup } from './providers.ts';
export { type Quick, quickConfig } from './quick.ts';
export { renderFields, renderReference } from './reference.ts';
export { renderServices } from './service-reference.ts';
