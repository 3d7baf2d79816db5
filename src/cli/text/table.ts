import { stripVTControlCharacters } from 'node:util';

/** A cell wider than this stands out of its column instead of pushing all others away. */
const widest = 56;

/** Rows as aligned columns, two spaces between them; the last column is never padded. Widths ignore colours. */
export function renderTable(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.slice(0, -1).entries()) {
      if (width(cell) <= widest) widths[i] = Math.max(widths[i] ?? 0, width(cell));
    }
  }
  const lines = rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - width(cell)))))
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => `${indent}${line}\n`).join('');
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
