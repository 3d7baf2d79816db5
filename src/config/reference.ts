import { type ConfigOption, configOptions } from './options.ts';

/** The table of options as Markdown, for the docs; a test holds the docs against it. */
export function renderReference(options: readonly ConfigOption[] = configOptions): string {
  const rows = options.map((option) => {
    const values = option.values === undefined ? '' : ` One of ${option.values.map((v) => `\`${v}\``).join(', ')}.`;
    const standard = option.default === undefined ? '' : `\`${option.default}\``;
    return `| \`${option.key}\` | \`--${option.flag}\` | \`${option.variable}\` | ${standard} | ${option.description}${values} |`;
  });
  return ['| in weir.yaml | flag | variable | default | |', '|---|---|---|---|---|', ...rows, ''].join('\n');
}
