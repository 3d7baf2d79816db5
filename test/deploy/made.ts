/** Files of deploy/ that are made from others of the project; `node test/deploy/write.ts` makes them anew. */
import { join } from 'node:path';
import { makeBase } from './bases.ts';
import { makeValuesSchema } from './values-schema.ts';

const deploy = join(import.meta.dirname, '..', '..', 'deploy');

export interface MadeFile {
  readonly path: string;
  readonly text: string;
}

export async function makeSchemaFile(): Promise<MadeFile> {
  const path = join(deploy, 'helm', 'weir', 'values.schema.json');
  return { path, text: `${JSON.stringify(await makeValuesSchema(), undefined, 2)}\n` };
}

/** Base → its example values. */
const bases: Readonly<Record<string, string>> = {
  controller: 'aws',
  daemonset: 'on-prem-nodes',
  announcer: 'metallb',
  'proxy-deployment': 'on-prem-service',
  'one-namespace': 'one-namespace',
};

/** What `kubectl apply -k` reads. Needs helm. */
export async function makeBaseFiles(): Promise<readonly MadeFile[]> {
  const made: MadeFile[] = [];
  for (const [base, values] of Object.entries(bases)) {
    const files = await makeBase(join(deploy, 'helm', 'weir'), join(deploy, 'helm', 'values', `${values}.yaml`));
    const at = join(deploy, 'kustomize', 'base', base);
    for (const [name, text] of Object.entries(files)) made.push({ path: join(at, name), text });
  }
  return made;
}
