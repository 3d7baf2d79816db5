/** The stores of this process by name, and the file that a store may live in. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type Json, WeirError } from '../../src/model/index.ts';
import type { Options } from './options.ts';
import type { Stored } from './stored.ts';
import { MemorySystem } from './system.ts';

const systems = new Map<string, MemorySystem>();

/** The one system behind a name (or file): all balancers, and tests, that name it see the same objects. */
export function memorySystem({ store, file }: Pick<Options, 'store' | 'file'>): MemorySystem {
  const path = file === undefined ? undefined : resolve(file);
  const key = path ?? store;
  const known = systems.get(key);
  if (known !== undefined) return known;
  const system = new MemorySystem(path === undefined ? [] : load(path));
  if (path !== undefined) system.onWrite = () => save(path, system.all());
  systems.set(key, system);
  return system;
}

/** A store of that name begins empty again. */
export function forgetMemorySystem({ store, file }: Pick<Options, 'store' | 'file'>): void {
  systems.delete(file === undefined ? store : resolve(file));
}

const json: z.ZodType<Json> = z.json();
const attrs = z.record(z.string(), json);
const member = z.strictObject({ attrs, gone: z.literal(true).optional(), addedMs: z.number() });

const storedObject = z.strictObject({
  handle: z.string(),
  kind: z.string(),
  attrs,
  refs: z.record(z.string(), z.string()),
  sets: z.record(z.string(), z.record(z.string(), member)),
  tags: z.strictObject({ owner: z.string(), id: z.string(), unit: z.string(), serves: z.array(z.string()) }).optional(),
  usedMs: z.number().optional(),
  turnedMs: z.number().optional(),
});

const storedFile = z.strictObject({ objects: z.array(storedObject) });

function load(path: string): readonly Stored[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw unusable(path, error);
  }
  try {
    return storedFile.parse(JSON.parse(text)).objects.map(({ tags, usedMs, turnedMs, sets, ...rest }) => ({
      ...rest,
      sets: Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, membersOf(set)])),
      ...(tags === undefined ? {} : { tags }),
      ...(usedMs === undefined ? {} : { usedMs }),
      ...(turnedMs === undefined ? {} : { turnedMs }),
    }));
  } catch (error) {
    throw unusable(path, error);
  }
}

function membersOf(set: Readonly<Record<string, z.infer<typeof member>>>): Stored['sets'][string] {
  return new Map(
    Object.entries(set).map(
      ([key, { gone, ...rest }]) => [key, gone === undefined ? rest : { ...rest, gone }] as const,
    ),
  );
}

function save(path: string, objects: readonly Stored[]): void {
  const printed = objects.map((object) => ({
    ...object,
    sets: Object.fromEntries(Object.entries(object.sets).map(([name, set]) => [name, Object.fromEntries(set)])),
  }));
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, `${JSON.stringify({ objects: printed }, undefined, 1)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new WeirError('E_DISK', `${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function unusable(path: string, cause: unknown): WeirError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new WeirError(
    'E_STATE_DIR',
    `${path} is not a store of the memory provider: ${reason}; remove it to begin empty`,
    { cause },
  );
}
