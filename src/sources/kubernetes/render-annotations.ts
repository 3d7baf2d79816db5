import { ownPrefix } from '../../model/prefix.ts';
import { type AnnotationEntry, annotationTable, settingsKey } from './annotation-table.ts';

/** Our annotations as Markdown, for the docs. */
export function renderAnnotations(): string {
  const rows = Object.entries(annotationTable).map(([key, entry]) => row(key, entry));
  const settings = `| \`${ownPrefix}${settingsKey}NAME\` | Service, Ingress | JSON settings of provider NAME (\`weir schema --service-settings NAME\`) | not served |`;
  return ['| annotation | on | value | what cannot be read |', '|---|---|---|---|', ...rows, settings, ''].join('\n');
}

function row(key: string, { on, value, strict }: AnnotationEntry): string {
  const cells = [`\`${ownPrefix}${key}\``, on.join(', '), value, strict === true ? 'not served' : 'default'];
  // A pipe inside a cell would end it.
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
