import type { ErrorCode } from '../../model/errors.ts';
import { type FieldPath, problemAt } from '../../model/located.ts';
import type { Problem } from '../../model/problem.ts';
import type { Backend, ExportedService } from '../../model/service.ts';
import { isSafeText, type Parsed, parseName } from '../../net/index.ts';
import type { ExportService } from './export-service.ts';
import { makeFronts } from './make-fronts.ts';
import type { BcsOptions } from './read.ts';

/** Tells what is wrong with a field of the service. */
export type Tell = (code: ErrorCode, path: FieldPath, reason: string, value?: unknown) => void;

/** The model of one service. `service` is undefined when it is not for our groups, or when it cannot be named. */
export function exportService(
  parsed: ExportService,
  options: BcsOptions,
): { readonly service?: ExportedService; readonly problems: readonly Problem[] } {
  const { located, kind } = parsed;
  const name = parseName(parsed.name);
  const namespace = parseName(parsed.namespace ?? 'default');
  const problems: Problem[] = [];
  const id = name.ok && namespace.ok ? `${namespace.value}/${name.value}` : undefined;
  const subject = id === undefined ? kind : `${kind} ${id}`;
  const tell: Tell = (code, path, reason, value) => {
    problems.push(
      problemAt(located, { code, path, reason, value, subject, ...(id === undefined ? {} : { service: id }) }),
    );
  };
  if (!isWanted(parsed, options.groups)) return { problems };
  if (!name.ok || !namespace.ok || id === undefined) {
    if (!name.ok) tell(name.code, parsed.namePath, name.reason, parsed.name);
    if (!namespace.ok) tell(namespace.code, ['namespace'], namespace.reason, parsed.namespace);
    return { problems };
  }
  if (parsed.ports.length === 0) {
    tell('E_FIELD_MISSING', ['ports'], 'has no ports: nothing would be reachable');
    return { problems };
  }
  const { fronts, backends } = makeFronts(parsed, readBalance(parsed, tell), options.allowed, tell);
  // Ports that were all refused leave nothing to serve; the problems tell why.
  if (fronts.length === 0) return { problems };
  const createdMs = Date.parse(parsed.created);
  const service: ExportedService = {
    id,
    origin: {
      source: options.source,
      ...(parsed.cluster !== '' && isSafeText(parsed.cluster) ? { cluster: parsed.cluster } : {}),
      kind,
      namespace: namespace.value,
      name: name.value,
      ...(Number.isNaN(createdMs) ? {} : { createdMs }),
      ...(parsed.revision !== '' && isSafeText(parsed.revision) ? { revision: parsed.revision } : {}),
      labels: Object.fromEntries(
        [...parsed.labels].filter(([key, text]) => key !== '__proto__' && isSafeText(key) && isSafeText(text)),
      ),
      ...(located.file === '' ? {} : { file: located.file }),
      line: located.line,
    },
    groups: readGroups(parsed, tell),
    fronts,
    backends,
    settings: {},
    settingsOrigin: {},
  };
  return { service, problems };
}

/** Compared exactly, as BCS does: case and blanks count. */
function isWanted(parsed: ExportService, groups: readonly string[] | undefined): boolean {
  return (
    groups === undefined || (parsed.groups ?? []).some((group) => typeof group === 'string' && groups.includes(group))
  );
}

function readGroups(parsed: ExportService, tell: Tell): readonly string[] {
  return (parsed.groups ?? []).flatMap((group, i) => {
    const name: Parsed<string> = parseName(group);
    if (name.ok) return [name.value];
    tell(
      name.code,
      parsed.kind === 'Service' ? ['metadata', 'labels', 'BCSGROUP'] : ['BCSGroup', i],
      name.reason,
      group,
    );
    return [];
  });
}

const balances: Readonly<Record<string, Backend['balance']>> = {
  '': 'roundrobin',
  roundrobin: 'roundrobin',
  'static-rr': 'roundrobin',
  leastconn: 'leastconn',
  least_conn: 'leastconn',
  source: 'source',
  ip_hash: 'source',
  uri: 'uri',
  random: 'random',
};

/** Words of HAProxy and of nginx, which BCS passed through to either. */
function readBalance(parsed: ExportService, tell: Tell): Backend['balance'] {
  const written = parsed.balance ?? '';
  const word = typeof written === 'string' ? written.toLowerCase() : undefined;
  const balance = word !== undefined && Object.hasOwn(balances, word) ? balances[word] : undefined;
  if (balance !== undefined) return balance;
  const known = 'roundrobin, leastconn, source, uri or random';
  tell('W_FEATURE', parsed.balancePath, `must be ${known}; roundrobin is used`, written);
  return 'roundrobin';
}
