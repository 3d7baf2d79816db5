/** What a session remembers for the next one: the resources that were committed last and the files that say the same. No key material. */
import { z } from 'zod';
import type { Json, Resource } from '../../src/model/index.ts';
import { readText, writeAtomic } from './files.ts';

const json: z.ZodType<Json> = z.json();
const member = z.strictObject({ attrs: z.record(z.string(), json), gone: z.literal(true).exactOptional() });
const resource = z.strictObject({
  kind: z.string(),
  id: z.string(),
  unit: z.string(),
  serves: z.array(z.string()),
  attrs: z.record(z.string(), json),
  refs: z.record(z.string(), z.string()),
  sets: z.record(z.string(), z.array(z.tuple([z.string(), member]))),
});
const state = z.strictObject({ version: z.literal(1), digest: z.string(), resources: z.array(resource) });

export interface KeptState {
  /** Of all files when the resources were committed. */
  readonly digest: string;
  readonly resources: readonly Resource[];
}

/** Undefined when there is none or it is damaged: everything is then planned anew, and changes nothing that serves. */
export async function readState(path: string): Promise<KeptState | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    const { digest, resources } = state.parse(JSON.parse(text));
    return {
      digest,
      resources: resources.map((kept) => ({
        ...kept,
        sets: Object.fromEntries(Object.entries(kept.sets).map(([name, members]) => [name, new Map(members)])),
      })),
    };
  } catch {
    return undefined;
  }
}

// Most resources live on from one state to the next.
const texts = new WeakMap<Resource, string>();

function textOf(resource: Resource): string {
  let text = texts.get(resource);
  if (text === undefined) {
    const { kind, id, unit, serves, attrs, refs } = resource;
    const sets = Object.fromEntries(Object.entries(resource.sets).map(([name, members]) => [name, [...members]]));
    text = JSON.stringify({ kind, id, unit, serves, attrs, refs, sets });
    texts.set(resource, text);
  }
  return text;
}

/** @throws WeirError E_DISK */
export function writeState(path: string, { digest, resources }: KeptState): Promise<void> {
  const kept = resources.map(textOf).join(',');
  return writeAtomic(path, `{"version":1,"digest":${JSON.stringify(digest)},"resources":[${kept}]}\n`);
}
