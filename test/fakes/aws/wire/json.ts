/** JSON 1.1 by the SDK's models: in with every member checked, out with times as seconds. */
import { AwsError } from '../core/aws-error.ts';
import type { Shape } from './shape.ts';
import { isRecord } from './write-xml.ts';

/** Reads a JSON body into what the input's shape says; an unknown member or a wrong type is an error. */
export function readJson(value: unknown, shape: Shape, path = ''): unknown {
  switch (shape.kind) {
    case 'structure': {
      if (!isRecord(value)) throw malformed(path, value, 'an object');
      const result: Record<string, unknown> = {};
      for (const [name, each] of Object.entries(value)) {
        if (each === null) continue;
        const member = shape.members.get(name);
        if (member === undefined) {
          throw new AwsError('UnknownParameter', `The parameter ${path}${name} is not recognized`, { loud: true });
        }
        result[name] = readJson(each, member.shape(), `${path}${name}.`);
      }
      return result;
    }
    case 'list':
      if (!Array.isArray(value)) throw malformed(path, value, 'a list');
      return value.map((each, index) => readJson(each, shape.item(), `${path}${index}.`));
    case 'map':
      if (!isRecord(value)) throw malformed(path, value, 'a map');
      return Object.fromEntries(
        Object.entries(value).map(([key, each]) => [key, readJson(each, shape.value(), `${path}${key}.`)]),
      );
    case 'timestamp':
      if (typeof value !== 'number') throw malformed(path, value, 'a time');
      return new Date(value * 1000);
    case 'number':
    case 'boolean':
      if (typeof value !== shape.kind) throw malformed(path, value, `a ${shape.kind}`);
      return value;
    case 'unit':
      return {};
    case 'document':
      return value;
    default:
      if (typeof value !== 'string') throw malformed(path, value, 'a text');
      return value;
  }
}

/** Turns an answer into what JSON 1.1 sends. A member that the model does not know throws. */
export function writeJson(value: unknown, shape: Shape, path = ''): unknown {
  if (shape.kind === 'list' && Array.isArray(value)) return value.map((each) => writeJson(each, shape.item(), path));
  if (shape.kind === 'map' && isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, writeJson(each, shape.value(), path)]));
  }
  if (shape.kind === 'timestamp' && value instanceof Date) return value.getTime() / 1000;
  if (shape.kind === 'structure' && isRecord(value)) {
    const result: Record<string, unknown> = {};
    for (const [name, each] of Object.entries(value)) {
      if (each === undefined) continue;
      const member = shape.members.get(name);
      if (member === undefined) throw new Error(`the model of ${shape.name} has no member ${name} (at ${path})`);
      result[name] = writeJson(each, member.shape(), `${path}.${name}`);
    }
    return result;
  }
  if (shape.kind === 'unit') return {};
  if (shape.kind === 'document' || typeof value === shape.kind) return value;
  throw new Error(`the answer holds ${JSON.stringify(value)} at ${path}, the model wants ${shape.kind}`);
}

function malformed(path: string, value: unknown, wanted: string): AwsError {
  return new AwsError('SerializationException', `${path} ${JSON.stringify(value)} is not ${wanted}`, { loud: true });
}
