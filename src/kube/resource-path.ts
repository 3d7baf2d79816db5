export interface ResourcePlace {
  /** `v1`, `apps/v1`, `discovery.k8s.io/v1`: the object's own apiVersion. */
  readonly apiVersion: string;
  /** Plural: `services`. */
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** `status`. */
  readonly subresource?: string | undefined;
}

/** Path of a resource or of one object. Every part is escaped: names come from outside. */
export function resourcePath({ apiVersion, resource, namespace, name, subresource }: ResourcePlace): string {
  const parts = [
    apiVersion.includes('/') ? 'apis' : 'api',
    ...apiVersion.split('/'),
    ...(namespace === undefined ? [] : ['namespaces', namespace]),
    resource,
    ...(name === undefined ? [] : [name]),
    ...(name === undefined || subresource === undefined ? [] : [subresource]),
  ];
  return `/${parts.map(escapePart).join('/')}`;
}

/** `.` and `..` would change the path and cannot be escaped; no object can be called so. */
function escapePart(part: string): string {
  if (part === '' || part === '.' || part === '..')
    throw new TypeError(`${JSON.stringify(part)} cannot be part of a path`);
  return encodeURIComponent(part);
}
