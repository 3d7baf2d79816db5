import { peers } from '../../compat/index.ts';

/** The annotations of every peer, as Markdown. */
export function renderPeerAnnotations(): string {
  return peers.map(({ title, reference }) => `\nAs written for ${title}:\n\n${tableOf(reference())}`).join('');
}

function tableOf(rows: ReturnType<(typeof peers)[number]['reference']>): string {
  const lines = rows.map(
    ({ name, on, value, means }) => `| \`${name}\` | ${on.join(', ')} | ${cell(value)} | ${cell(means)} |\n`,
  );
  return `| annotation | on | value | here |\n|---|---|---|---|\n${lines.join('')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
