import { fieldsOf, listAt } from './fields.ts';

export type BcsKind = 'exportService' | 'service' | 'taskGroup' | 'application';

/** The kind of an object by its shape: BCS writes no reliable kind into what it stores. */
export function kindOf(object: unknown): BcsKind | undefined {
  const fields = fieldsOf(object);
  if (fields === undefined) return undefined;
  const kind = fields.get('kind');
  const version = fields.get('apiversion');
  // Kubernetes writes `v1` or `group/v1`, and kinds in upper camel case; BCS writes `v4` and lower case, or neither.
  if (typeof version === 'string' && version !== 'v4' && version !== '') return undefined;
  if (fields.has('servicename') && fields.has('ports')) return 'exportService';
  if (fields.has('taskgroup') && Array.isArray(fields.get('taskgroup'))) return 'taskGroup';
  if (isMesosService(fields.get('spec')) && fields.has('metadata')) return 'service';
  const word = typeof kind === 'string' ? kind.toLowerCase() : '';
  if (word === 'service' && version === 'v4') return 'service';
  if (word === 'application' || (fields.has('runas') && fields.has('instances'))) return 'application';
  return undefined;
}

/** Only a Mesos service has `servicePort` in its ports. */
function isMesosService(spec: unknown): boolean {
  return listAt(fieldsOf(spec), 'ports').some((port) => fieldsOf(port)?.has('serviceport') === true);
}

export function isBcsObject(object: unknown): boolean {
  return kindOf(object) !== undefined;
}

/** Whether an object is complete in itself; a Mesos service means something else with other task groups beside it. */
export function standsAlone(object: unknown): boolean {
  return kindOf(object) === 'exportService';
}
