import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { KubeError } from './kube-error.ts';
import type { ClusterEntry } from './kubeconfig-schema.ts';
import { codeOf, configError, type Placed } from './read-kubeconfig.ts';

/**
 * The text of a field that stands inline (`<field>-data`, base64) or in a file (`<field>`); the inline one counts, as with kubectl.
 * `owner`: `user dev` or `cluster prod`, for messages.
 */
export async function readMaterial(
  { file, directory }: Placed<unknown>,
  owner: string,
  field: string,
  inline: string | undefined,
  path: string | undefined,
): Promise<string | undefined> {
  if (inline !== undefined) {
    const compact = inline.replace(/\s+/g, '');
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact))
      throw configError(`${file}, ${owner}`, `${field}-data is not base64: put the PEM text there as base64`);
    return Buffer.from(compact, 'base64').toString('latin1');
  }
  if (path === undefined) return undefined;
  return readOwnedFile(resolve(directory, path), `kubeconfig ${file}, ${owner}, ${field}`);
}

/** The authorities that a cluster's entry names, as PEM; undefined: those of the system. */
export function readAuthority(cluster: Placed<ClusterEntry>): Promise<string | undefined> {
  const field = 'certificate-authority';
  const { entry, name } = cluster;
  return readMaterial(cluster, `cluster ${name}`, field, entry[`${field}-data`], entry[field]);
}

/** A token: one line, nothing that would break a header. */
export async function readToken(path: string, where: string): Promise<string> {
  return checkToken(await readOwnedFile(path, where), where);
}

export function checkToken(text: string, where: string): string {
  const token = text.trim();
  if (token === '') throw new KubeError(0, 'Credentials', `${where}: the token is empty: write one`);
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new KubeError(
      0,
      'Credentials',
      `${where}: the token has a blank or a control character within: write it in one line`,
    );
  return token;
}

export async function readOwnedFile(path: string, where: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new KubeError(
      0,
      'Credentials',
      `${where}: ${path} cannot be read (${codeOf(error)}): correct the path or the permissions`,
    );
  }
}
