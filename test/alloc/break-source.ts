/** Loads src/alloc with one text of one file replaced: a fault planted in the source itself, so that the code needs no switches for it. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import type { Open } from './run-history.ts';

export interface Mutant {
  readonly name: string;
  /** File in src/alloc. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

const folder = new URL('../../src/alloc/', import.meta.url).href;
const mutants = new Map<string, Mutant>();

// The mark of a mutant travels from a module to what it imports of the folder, so each mutant is loaded apart from all others.
registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const mark = context.parentURL === undefined ? null : new URL(context.parentURL).searchParams.get('mutant');
    if (mark === null || !resolved.url.startsWith(folder)) return resolved;
    return { ...resolved, url: `${resolved.url}?mutant=${mark}` };
  },
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const mutant = mutants.get(new URL(url).searchParams.get('mutant') ?? '');
    if (mutant === undefined || !url.startsWith(`${folder}${mutant.file}`)) return loaded;
    return { ...loaded, source: String(loaded.source).replace(mutant.from, () => mutant.to) };
  },
});

/** The allocator with this fault. Throws when the text does not stand in the file exactly once. */
export async function openBroken(mutant: Mutant): Promise<Open> {
  const text = readFileSync(new URL(mutant.file, folder), 'utf8');
  if (text.split(mutant.from).length !== 2)
    throw new Error(`${mutant.name}: not once in ${mutant.file}: ${mutant.from}`);
  mutants.set(String(mutants.size), mutant);
  const module: unknown = await import(`${folder}index.ts?mutant=${mutants.size - 1}`);
  if (typeof module !== 'object' || module === null || !('open' in module) || !isOpen(module.open))
    throw new Error(`${mutant.name}: nothing to open`);
  return module.open;
}

function isOpen(value: unknown): value is Open {
  return typeof value === 'function';
}
