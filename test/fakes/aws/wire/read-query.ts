import { AwsError } from '../core/aws-error.ts';
import type { Shape, Structure } from './shape.ts';

/** One level of a query: `A.member.1.B=x` is A → member → 1 → B. */
interface Node {
  value?: string;
  readonly children: Map<string, Node>;
}

/**
 * Reads the parameters of a query into what the input's shape says.
 * A parameter that the model does not know is an error: nothing is ever dropped silently.
 */
export function readQuery(parameters: URLSearchParams, shape: Shape, dialect: 'aws' | 'ec2'): unknown {
  const root: Node = { children: new Map() };
  for (const [name, value] of parameters) {
    if (name === 'Action' || name === 'Version') continue;
    let node = root;
    for (const part of name.split('.')) {
      let next = node.children.get(part);
      if (next === undefined) {
        next = { children: new Map() };
        node.children.set(part, next);
      }
      node = next;
    }
    node.value = value;
  }
  if (shape.kind === 'unit') {
    if (root.children.size > 0) throw unknownParameter([...root.children.keys()].join(', '));
    return {};
  }
  return readNode(root, shape, dialect, '');
}

function readNode(node: Node, shape: Shape, dialect: 'aws' | 'ec2', path: string): unknown {
  switch (shape.kind) {
    case 'structure':
      return readStructure(node, shape, dialect, path);
    case 'list':
      return readList(node, shape, dialect, path);
    case 'map':
      return readMap(node, shape, dialect, path);
    case 'unit':
      return {};
    default:
      if (node.children.size > 0) throw unknownParameter(`${path}.${[...node.children.keys()][0]}`);
      return readScalar(node.value ?? '', shape.kind, path);
  }
}

function readStructure(node: Node, shape: Structure, dialect: 'aws' | 'ec2', path: string): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const left = new Set(node.children.keys());
  for (const [name, member] of shape.members) {
    const key = dialect === 'ec2' ? member.ec2Name : member.xmlName;
    const child = node.children.get(key);
    if (child === undefined) continue;
    left.delete(key);
    result[name] = readNode(child, member.shape(), dialect, path === '' ? name : `${path}.${name}`);
  }
  const [stranger] = left;
  if (stranger !== undefined) throw unknownParameter(path === '' ? stranger : `${path}.${stranger}`);
  return result;
}

function readList(node: Node, shape: Shape & { kind: 'list' }, dialect: 'aws' | 'ec2', path: string): unknown[] {
  // An empty list is `Name=` in the AWS dialect.
  if (node.children.size === 0) return [];
  const holder = dialect === 'ec2' ? node : node.children.get(shape.itemName);
  if (holder === undefined || (dialect === 'aws' && node.children.size > 1)) {
    throw unknownParameter(`${path}.${[...node.children.keys()].join('|')}`);
  }
  return [...holder.children]
    .map(([index, child]) => {
      if (!/^[1-9]\d*$/.test(index)) throw unknownParameter(`${path}.${index}`);
      return { index: Number(index), child };
    })
    .sort((a, b) => a.index - b.index)
    .map(({ child, index }) => readNode(child, shape.item(), dialect, `${path}.${index}`));
}

function readMap(node: Node, shape: Shape & { kind: 'map' }, dialect: 'aws' | 'ec2', path: string): unknown {
  const result: Record<string, unknown> = {};
  for (const entry of node.children.get('entry')?.children.values() ?? []) {
    const value = entry.children.get('value');
    if (value === undefined) throw unknownParameter(`${path}.entry`);
    result[entry.children.get('key')?.value ?? ''] = readNode(value, shape.value(), dialect, path);
  }
  return result;
}

function readScalar(text: string, kind: string, path: string): unknown {
  switch (kind) {
    case 'number': {
      if (!/^-?\d+(\.\d+)?$/.test(text)) throw malformed(path, text, 'a number');
      return Number(text);
    }
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw malformed(path, text, 'true or false');
      return text === 'true';
    case 'timestamp':
      if (Number.isNaN(Date.parse(text))) throw malformed(path, text, 'a time');
      return new Date(text);
    default:
      return text;
  }
}

function unknownParameter(name: string): AwsError {
  return new AwsError('UnknownParameter', `The parameter ${name} is not recognized`, { loud: true });
}

function malformed(path: string, text: string, wanted: string): AwsError {
  return new AwsError('MalformedInput', `${path}: '${text}' is not ${wanted}`, { loud: true });
}
