import type { LocatedObject } from '../../model/located.ts';
import type { ExportBackend, ExportPort, ExportService, Weight } from './export-service.ts';
import { type Fields, fieldsOf, listAt, textAt, textsAt } from './fields.ts';

const maxStatusLength = 262_144;
const weightLabel = 'BCS-WEIGHT-';

/** A task group that may serve: it runs, or its agent was lost and it may still run. */
export interface TaskGroup {
  readonly namespace: string;
  readonly application: string;
  /** Of its first task: the only ones that selectors are compared with. */
  readonly labels: ReadonlyMap<string, string>;
  readonly ports: readonly TaskPort[];
}

interface TaskPort {
  readonly name: string;
  readonly address: string;
  readonly port: unknown;
}

/** undefined: it does not serve. */
export function parseTaskGroup(located: LocatedObject): TaskGroup | undefined {
  const group = fieldsOf(located.object);
  if (!['running', 'lost'].includes(textAt(group, 'status').toLowerCase())) return undefined;
  const tasks = listAt(group, 'taskgroup').flatMap((task) => fieldsOf(task) ?? []);
  return {
    namespace: textAt(group, 'runas') || textAt(group, 'namespace'),
    application: textAt(group, 'appid'),
    labels: textsAt(tasks[0], 'labels'),
    ports: tasks.flatMap(portsOf),
  };
}

/** Host network: the node and the container's port. Bridge and CNM: the node and the mapped port where there is one. CNI: the container itself. */
function portsOf(task: Fields): readonly TaskPort[] {
  const status = parseStatus(textAt(task, 'statusdata'));
  const node = textAt(status, 'nodeaddress');
  const own = textAt(status, 'ipaddress');
  const network = textAt(task, 'network').toLowerCase();
  const bridged = network === 'bridge' || textAt(task, 'networktype').toLowerCase() === 'cnm';
  return listAt(task, 'portmappings').flatMap((mapping) => {
    const fields = fieldsOf(mapping);
    const name = textAt(fields, 'name');
    const container = fields?.get('containerport');
    const mapped = fields?.get('hostport');
    if (network === 'host') return [{ name, address: node, port: container }];
    if (bridged && typeof mapped === 'number' && mapped > 0) return [{ name, address: node, port: mapped }];
    return [{ name, address: own, port: container }];
  });
}

/** StatusData is JSON inside JSON. */
function parseStatus(text: string): Fields | undefined {
  if (text.length > maxStatusLength) return undefined;
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A Mesos service with the task groups of its namespace that its selector takes. */
export function parseMesosService(located: LocatedObject, groups: readonly TaskGroup[]): ExportService {
  const fields = fieldsOf(located.object);
  const meta = fieldsOf(fields?.get('metadata'));
  const spec = fieldsOf(fields?.get('spec'));
  const labels = textsAt(meta, 'labels');
  const namespace = meta?.get('namespace');
  const selector = textsAt(spec, 'selector');
  const taken = groups.filter(
    (group) =>
      group.namespace === (namespace ?? 'default') &&
      selector.size > 0 &&
      [...selector].every(([key, value]) => group.labels.get(key) === value),
  );
  return {
    located,
    kind: 'Service',
    namespace,
    name: meta?.get('name'),
    namePath: ['metadata', 'name'],
    cluster: textAt(meta, 'clusterName'),
    created: textAt(meta, 'creationTimestamp'),
    revision: '',
    labels,
    // BCS does not trim: a group with a space is another group. Blanks around a comma help nobody, so they go here.
    groups: labels
      .get('BCSGROUP')
      ?.split(',')
      .map((group) => group.trim())
      .filter((group) => group !== ''),
    weights: weightsOf(labels),
    balance: labels.get('BCSBALANCE'),
    balancePath: ['metadata', 'labels', 'BCSBALANCE'],
    maxconn: undefined,
    ports: listAt(spec, 'ports').map((port, i) => parsePort(port, i, taken)),
  };
}

function weightsOf(labels: ReadonlyMap<string, string>): ReadonlyMap<string, Weight> {
  return new Map(
    [...labels].flatMap(([key, text]): [string, Weight][] => {
      if (!key.startsWith(weightLabel)) return [];
      const value = /^\d{1,9}$/.test(text) ? Number(text) : text;
      return [[key.slice(weightLabel.length), { value, path: ['metadata', 'labels', key] }]];
    }),
  );
}

function parsePort(value: unknown, i: number, groups: readonly TaskGroup[]): ExportPort {
  const fields = fieldsOf(value);
  const name = textAt(fields, 'name');
  const path = ['spec', 'ports', i];
  const backends = groups.flatMap((group) =>
    group.ports
      .filter((port) => port.name === name)
      .map(
        (port): ExportBackend => ({
          path,
          address: port.address,
          port: port.port,
          labels: [group.application, ...group.labels.values()],
        }),
      ),
  );
  return {
    path,
    hostField: 'domainName',
    name,
    host: fields?.get('domainname'),
    urlPath: fields?.get('path'),
    protocol: fields?.get('protocol'),
    port: fields?.get('serviceport'),
    backends,
  };
}
