import { fieldOf, listOf, recordOf } from './fields.ts';

/** Kubernetes puts it on every namespace. */
const nameLabel = 'kubernetes.io/metadata.name';

/**
 * Why a namespace must not use a class, or undefined when it may. A selector by the name of the namespace is judged; labels of
 * namespaces are not read, so one by other labels lets nobody in.
 */
export function namespaceSelected(selector: unknown, namespace: string): string | undefined {
  if (selector === undefined) return undefined;
  const fields = recordOf(selector);
  const labels = Object.entries(recordOf(fieldOf(fields, 'matchLabels')));
  const expressions = listOf(fieldOf(fields, 'matchExpressions')).map(recordOf);
  const keys = [...labels.map(([key]) => key), ...expressions.map((one) => fieldOf(one, 'key'))];
  const foreign = keys.find((key) => key !== nameLabel);
  if (foreign !== undefined)
    return `has a namespaceSelector by the label ${JSON.stringify(String(foreign))}; labels of namespaces are not read, select by ${nameLabel}`;
  const selected =
    labels.every(([, value]) => value === namespace) && expressions.every((one) => holds(one, namespace));
  return selected ? undefined : `has a namespaceSelector that does not select namespace ${namespace}`;
}

function holds(expression: Readonly<Record<string, unknown>>, namespace: string): boolean {
  const listed = listOf(fieldOf(expression, 'values')).includes(namespace);
  switch (fieldOf(expression, 'operator')) {
    case 'In':
      return listed;
    case 'NotIn':
      return !listed;
    case 'Exists':
      return true;
    default:
      return false;
  }
}
