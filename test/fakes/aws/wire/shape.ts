/** The SDK's own models as a small tree: what a call takes and answers, with the names that stand on the wire. */
import { NormalizedSchema } from '@smithy/core/schema';
import type { $SchemaRef } from '@smithy/types';

export interface Structure {
  readonly kind: 'structure';
  readonly name: string;
  readonly members: ReadonlyMap<string, Member>;
}

export type Shape =
  | Structure
  | { readonly kind: 'list'; readonly item: () => Shape; readonly itemName: string }
  | { readonly kind: 'map'; readonly value: () => Shape }
  | { readonly kind: 'string' | 'number' | 'boolean' | 'timestamp' | 'blob' | 'document' | 'unit' };

export interface Member {
  readonly shape: () => Shape;
  readonly required: boolean;
  /** Name in a query of the AWS protocol and in every XML answer. */
  readonly xmlName: string;
  /** Name in a query of EC2's protocol. */
  readonly ec2Name: string;
}

/** The part of an operation's schema that the fake reads. */
export type OperationSchema = readonly [
  9,
  namespace: string,
  name: string,
  traits: unknown,
  input: $SchemaRef,
  output: $SchemaRef,
];

const known = new WeakMap<object, Shape>();

/** Reads a schema of the SDK. Structures may hold themselves: members are read when asked for. */
export function readShape(schema: $SchemaRef): Shape {
  return fromNormalized(NormalizedSchema.of(schema));
}

function fromNormalized(schema: NormalizedSchema): Shape {
  const raw = schema.getSchema();
  if (typeof raw !== 'object') return make(schema, raw);
  const found = known.get(raw);
  if (found !== undefined) return found;
  const shape = make(schema, raw);
  known.set(raw, shape);
  return shape;
}

function make(schema: NormalizedSchema, raw: unknown): Shape {
  if (schema.isUnitSchema()) return { kind: 'unit' };
  if (schema.isListSchema()) {
    const item = schema.getValueSchema();
    return { kind: 'list', item: lazily(item), itemName: textOf(item.getMergedTraits().xmlName) ?? 'member' };
  }
  if (schema.isMapSchema()) return { kind: 'map', value: lazily(schema.getValueSchema()) };
  if (schema.isStructSchema()) return makeStructure(schema, raw);
  if (schema.isStringSchema()) return { kind: 'string' };
  if (schema.isBooleanSchema()) return { kind: 'boolean' };
  if (schema.isTimestampSchema()) return { kind: 'timestamp' };
  if (schema.isBlobSchema()) return { kind: 'blob' };
  if (schema.isDocumentSchema()) return { kind: 'document' };
  if (schema.isNumericSchema() || schema.isBigIntegerSchema()) return { kind: 'number' };
  throw new Error(`the fake knows no shape for ${schema.getName(true)}`);
}

function makeStructure(schema: NormalizedSchema, raw: unknown): Structure {
  // [3, namespace, name, traits, member names, member schemas, how many of the first members are required]
  const requiredCount: unknown = Array.isArray(raw) ? raw[6] : undefined;
  const members = new Map<string, Member>();
  for (const [name, member] of schema.structIterator()) {
    // EC2 marks a required member with a count behind the lists, as everybody does.
    const traits = member.getMergedTraits();
    const xmlName = textOf(member.getMemberTraits().xmlName) ?? name;
    members.set(name, {
      shape: lazily(member),
      required: members.size < (typeof requiredCount === 'number' ? requiredCount : 0),
      xmlName,
      ec2Name: textOf(traits.ec2QueryName) ?? `${xmlName.charAt(0).toUpperCase()}${xmlName.slice(1)}`,
    });
  }
  return { kind: 'structure', name: schema.getName() ?? '?', members };
}

function lazily(schema: NormalizedSchema): () => Shape {
  let shape: Shape | undefined;
  return () => (shape ??= fromNormalized(schema));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
