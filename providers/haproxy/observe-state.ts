/** What a session remembers for the next one: the resources that were committed last and the files that say the same. No key material. */
import { z } from 'zod';
import { type Context, inStrides, type Json, type Resource } from '../../src/model/index.ts';
import { inTurns } from '../../src/model/turns.ts';
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
const resources = z.array(resource);
const state = z.strictObject({
  version: z.literal(1),
  digest: z.string(),
  resources,
  stays: resources.exactOptional(),
});

export interface KeptState {
  /** Of all files when the resources were committed. */
  readonly digest: string;
  readonly resources: readonly Resource[];
  /** What some of them were before, which is served on because HAProxy refuses what they are now. */
  readonly stays: readonly Resource[];
}

/** Undefined when there is none or it is damaged: everything is then planned anew, and changes nothing that serves. */
export async function readState(path: string): Promise<KeptState | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    const { digest, resources, stays = [] } = state.parse(JSON.parse(text));
    return { digest, resources: resources.map(withMaps), stays: stays.map(withMaps) };
  } catch {
    return undefined;
  }
}

function withMaps(kept: z.infer<typeof resource>): Resource {
  const sets = Object.entries(kept.sets).map(([name, members]) => [name, new Map(members)] as const);
  return { ...kept, sets: Object.fromEntries(sets) };
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
export async function writeState(
  path: string,
  { digest, resources, stays }: KeptState,
  ctx: Pick<Context, 'turns'> = {},
): Promise<void> {
  await inTurns(ctx, inStrides(resources, textOf));
  const kept = resources.map(textOf).join(',');
  const more = stays.length === 0 ? '' : `,"stays":[${stays.map(textOf).join(',')}]`;
  await writeAtomic(path, `{"version":1,"digest":${JSON.stringify(digest)},"resources":[${kept}]${more}}\n`);
}
