import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Create } from './world.ts';

/** One line of the protocol's source changed: the text must stand in the file exactly once. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const source = join(import.meta.dirname, '..', '..', '..', '..', 'providers', 'l2', 'protocol');

/** Loads the protocol with some lines changed, from a copy that is gone afterwards; the product itself has no switch for it. */
export async function loadMutant(edits: readonly Edit[]): Promise<Create> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-mutant-'));
  try {
    for (const name of readdirSync(source)) cpSync(join(source, name), join(folder, name));
    for (const { file, from, to } of edits) {
      const path = join(folder, `${file}.ts`);
      const parts = readFileSync(path, 'utf8').split(from);
      if (parts.length !== 2) throw new Error(`${file}.ts has ${parts.length - 1} times: ${from}`);
      writeFileSync(path, parts.join(to));
    }
    const { Protocol: Mutant }: typeof import('../../../../providers/l2/protocol/protocol.ts') = await import(
      pathToFileURL(join(folder, 'protocol.ts')).href
    );
    return (name, timing, mode) => new Mutant(name, timing, mode);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
