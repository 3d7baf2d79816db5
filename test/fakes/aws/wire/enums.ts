/** Which members take one of a list of words: read out of the type declarations that the SDK ships beside its models. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** `Structure.Member` → the words it may be (for a list: each of its items). */
export type Enums = ReadonlyMap<string, ReadonlySet<string>>;

const read = new Map<string, Enums>();

/** Reads the declarations of one client package once. */
export function readEnums(packageName: string): Enums {
  let enums = read.get(packageName);
  if (enums === undefined) {
    enums = parse(join(dirname(createRequire(import.meta.url).resolve(packageName)), '..', 'dist-types', 'models'));
    read.set(packageName, enums);
  }
  return enums;
}

function parse(folder: string): Enums {
  const words = new Map<string, Set<string>>();
  for (const [, name = '', body = ''] of declarations(folder, 'enums.d.ts').matchAll(
    /export declare const (\w+): \{([^}]*)\}/g,
  )) {
    words.set(name, new Set([...body.matchAll(/: "([^"]*)"/g)].map(([, word = '']) => word)));
  }
  const enums = new Map<string, ReadonlySet<string>>();
  for (const file of readdirSync(folder).filter((name) => /^models_\d+\.d\.ts$/.test(name))) {
    const text = declarations(folder, file).replace(/\/\*[\s\S]*?\*\//g, '');
    for (const [, structure = '', body = ''] of text.matchAll(/export interface (\w+)[^{]*\{([^}]*)\}/g)) {
      for (const [, member = '', type = ''] of body.matchAll(/(\w+)\??: \(?(\w+)/g)) {
        const found = words.get(type);
        if (found !== undefined) enums.set(`${structure}.${member}`, found);
      }
    }
  }
  return enums;
}

function declarations(folder: string, file: string): string {
  // A client without words, such as STS, has no such file.
  return existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '';
}
