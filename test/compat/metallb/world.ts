import { type MetallbObject, readMetallb } from '../../../src/compat/metallb/index.ts';
import { fieldName } from '../../../src/model/index.ts';

export function object(
  kind: string,
  name: string,
  spec: unknown,
  more: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> } = {},
): MetallbObject {
  const { namespace = 'metallb-system', labels = {} } = more;
  return { type: `metallb.io/${kind}`, meta: { namespace, name, labels }, spec };
}

/** `field: reason` of every finding but that something is not announced, which every object of its kind has. */
export function read(
  objects: readonly MetallbObject[],
  namespaces: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[] = [],
) {
  const { intent, findings } = readMetallb(objects, {
    namespaces,
    home: 'metallb-system',
    announces: ['layer2', 'bgp'],
    placeOf: ({ meta }) => ({ source: `IPAddressPool/${meta.namespace}/${meta.name}` }),
  });
  const told = findings.map(
    ({ about, code, path, reason }) => `${code} ${about.meta.name} ${fieldName(path)} ${reason}`,
  );
  return { intent, told };
}
