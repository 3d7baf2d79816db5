/** Keys that only weir's own form has at its top level. */
const own = ['http', 'targets', 'backends', 'ports'];

/**
 * Whether an object is meant as weir's own form: by its kind, as a list of services, or by its fields where `kind` is left out.
 * Kubernetes objects have `apiVersion` or `metadata`, BCS objects `serviceName`: they are never taken.
 */
export function isWeirObject(object: unknown): boolean {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return false;
  const has = (key: string): boolean => Object.hasOwn(object, key);
  if ('kind' in object) return object.kind === 'ExportedService' || object.kind === 'ExportedServiceList';
  if (has('apiVersion') || has('metadata') || has('serviceName') || has('spec')) return false;
  return has('services') || own.some(has);
}
