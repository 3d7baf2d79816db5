/** What a real API server was asked by an account, out of its audit log, held against the rules of the account's roles. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../deploy/bases.ts';

export interface Audit {
  /** For the API server. */
  readonly flags: readonly string[];
  /** `verb group/resource[/subresource]` → answers, by code. */
  requests(account: string): ReadonlyMap<string, ReadonlySet<number>>;
  end(): void;
}

/** Only service accounts are written down. */
export function keepAudit(): Audit {
  const folder = mkdtempSync(join(tmpdir(), 'weir-audit-'));
  const [policy, log] = [join(folder, 'policy.json'), join(folder, 'audit.log')];
  writeFileSync(
    policy,
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }],
    }),
  );
  return {
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking'],
    requests(account) {
      const found = new Map<string, Set<number>>();
      const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [];
      // The last line may still be being written.
      for (const line of lines.slice(0, -1)) {
        const { user, verb, objectRef, responseStatus, requestURI }: Entry = JSON.parse(line);
        if (user.username !== account) continue;
        const what = objectRef === undefined ? requestURI.split('?')[0] : nameOf(objectRef);
        const key = `${verb} ${what}`;
        const codes = found.get(key) ?? new Set();
        found.set(key, codes.add(responseStatus?.code ?? 0));
      }
      return found;
    },
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Entry {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly requestURI: string;
  readonly objectRef?: Reference;
  readonly responseStatus?: { readonly code: number };
}

interface Reference {
  readonly apiGroup?: string;
  readonly resource: string;
  readonly subresource?: string;
}

function nameOf({ apiGroup = '', resource, subresource }: Reference): string {
  return `${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** In the words of `requests`, of all roles. */
export function allowedBy(objects: readonly Manifest[]): readonly string[] {
  const rules = objects
    .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
    .flatMap((role) => (role as Manifest & { readonly rules: readonly Rule[] }).rules);
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`))),
  );
}
