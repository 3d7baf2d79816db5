/** A copy of what a node that announces runs, which speaks the next version of the protocol on the wire: versions do not hear each other. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface LaterVersion {
  /** The program of a node. */
  readonly program: string;
  end(): void;
}

const tree = fileURLToPath(new URL('../../', import.meta.url));
const child = 'test/e2e/l2-node-child.ts';
const seal = 'providers/l2/protocol/seal.ts';

export function makeLaterVersion(): LaterVersion {
  const folder = mkdtempSync(join(tmpdir(), 'weir-l2-later-'));
  mkdirSync(join(folder, 'test', 'e2e'), { recursive: true });
  for (const path of ['providers/l2', 'src', 'package.json', child])
    cpSync(join(tree, path), join(folder, path), { recursive: true });
  symlinkSync(join(tree, 'node_modules'), join(folder, 'node_modules'));
  const text = readFileSync(join(folder, seal), 'utf8');
  const later = text.replace(/^const version = (\d+);$/m, (_, version) => `const version = ${Number(version) + 1};`);
  if (later === text) throw new Error(`${seal} names no version`);
  writeFileSync(join(folder, seal), later);
  return { program: join(folder, child), end: () => rmSync(folder, { recursive: true, force: true }) };
}
