import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { KubeError } from './kube-error.ts';
import { type ClusterEntry, type ContextEntry, kubeconfigSchema, type UserEntry } from './kubeconfig-schema.ts';

/** An entry and the file it stands in: its relative paths are relative to that file's directory. */
export interface Placed<T> {
  readonly file: string;
  readonly directory: string;
  readonly name: string;
  readonly entry: T;
}

export interface Kubeconfig {
  readonly files: readonly string[];
  readonly clusters: ReadonlyMap<string, Placed<ClusterEntry>>;
  readonly users: ReadonlyMap<string, Placed<UserEntry>>;
  readonly contexts: ReadonlyMap<string, Placed<ContextEntry>>;
  readonly currentContext?: string;
}

/**
 * Reads the files as kubectl does: the first file that names something wins. With `optional` (the list of $KUBECONFIG) files that are
 * not there are passed over, as long as one is. Rejects with KubeError `Config`; no message holds a value of the file.
 */
export async function readKubeconfig(files: readonly string[], optional: boolean): Promise<Kubeconfig> {
  const clusters = new Map<string, Placed<ClusterEntry>>();
  const users = new Map<string, Placed<UserEntry>>();
  const contexts = new Map<string, Placed<ContextEntry>>();
  let currentContext: string | undefined;
  const found: string[] = [];
  for (const name of files) {
    const file = resolve(name);
    const text = await readText(file, optional);
    if (text === undefined) continue;
    found.push(file);
    const config = parse(text, file);
    const place = { file, directory: dirname(file) };
    const keep = <T>(map: Map<string, Placed<T>>, key: string, entry: T) => {
      if (!map.has(key)) map.set(key, { ...place, name: key, entry });
    };
    for (const entry of config.clusters ?? []) keep(clusters, entry.name, entry.cluster);
    for (const entry of config.users ?? []) if (entry.user != null) keep(users, entry.name, entry.user);
    for (const entry of config.contexts ?? []) keep(contexts, entry.name, entry.context);
    currentContext ??= config['current-context'];
  }
  if (found.length === 0)
    throw configError(files.join(', '), 'none of these files is there: correct the path, or $KUBECONFIG');
  return { files: found, clusters, users, contexts, ...(currentContext === undefined ? {} : { currentContext }) };
}

export function configError(where: string, what: string): KubeError {
  return new KubeError(0, 'Config', `kubeconfig ${where}: ${what}`);
}

async function readText(file: string, optional: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (optional && codeOf(error) === 'ENOENT') return undefined;
    throw configError(file, `cannot be read (${codeOf(error)}): correct the path or the permissions`);
  }
}

function parse(text: string, file: string) {
  // Messages of the parser quote the line, and a line may hold a token: only code and place are told.
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
  const [wrong] = document.errors;
  if (wrong !== undefined) {
    const line = text.slice(0, wrong.pos[0]).split('\n').length;
    throw configError(file, `line ${line} is not valid YAML (${wrong.code})`);
  }
  const result = kubeconfigSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw configError(file, `${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'is no kubeconfig'}`);
}

/** `ENOENT`, `EACCES` … of a failed system call. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
