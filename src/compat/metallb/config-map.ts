import { parseDocument } from 'yaml';
import { z } from 'zod';
import { type ErrorCode, fieldName, suggestion } from '../../model/index.ts';
import type { MetallbObject } from './collect.ts';
import { readSpec } from './read-spec.ts';

/** Something wrong in the text of the ConfigMap. */
export interface ConfigMapFinding {
  readonly code: ErrorCode;
  /** Inside the text, e.g. `address-pools[0].protocol`; empty: the text as a whole. */
  readonly field: string;
  readonly value?: unknown;
  readonly reason: string;
}

const text = z.string();
const values = z.array(z.unknown()).default([]);

/** The text below the key `config` of MetalLB's ConfigMap, v0.7 to v0.12. What the objects of later versions check is left to their readers. */
const configText = z.object({
  peers: values,
  'bgp-communities': z.record(text, text).default({}),
  'address-pools': values,
  'bfd-profiles': values,
});

const selector = z.object({ 'match-labels': z.unknown().optional(), 'match-expressions': z.unknown().optional() });

const peer = z.object({
  'my-asn': z.unknown().optional(),
  'peer-asn': z.unknown().optional(),
  'peer-address': z.unknown().optional(),
  'source-address': z.unknown().optional(),
  'peer-port': z.unknown().optional(),
  'hold-time': z.unknown().optional(),
  'keepalive-time': z.unknown().optional(),
  'router-id': z.unknown().optional(),
  'node-selectors': z.array(selector).optional(),
  password: z.unknown().optional(),
  'bfd-profile': z.unknown().optional(),
  'ebgp-multihop': z.unknown().optional(),
});

const pool = z.object({
  name: text.min(1),
  protocol: text,
  addresses: z.unknown().optional(),
  'auto-assign': z.unknown().optional(),
  'avoid-buggy-ips': z.unknown().optional(),
  'bgp-advertisements': z.array(z.record(text, z.unknown())).optional(),
});

const profile = z.object({ name: text.min(1) }).catchall(z.unknown());

const mostAliases = 100;

/** The objects of later versions that mean the same as a ConfigMap of an earlier one; `namespace`: where it stands. */
export function convertConfigMap(
  written: string,
  namespace: string,
): { readonly objects: readonly MetallbObject[]; readonly findings: readonly ConfigMapFinding[] } {
  const findings: ConfigMapFinding[] = [];
  const objects: MetallbObject[] = [];
  const data = parseText(written, findings);
  if (data === undefined) return { objects, findings };
  const take = <S extends z.ZodType>(schema: S, value: unknown, at: readonly (string | number)[]) => {
    const { value: read, findings: found } = readSpec(schema, value, at);
    for (const { path, ...rest } of found) findings.push({ ...rest, field: fieldName(path) });
    return read;
  };
  const add = (kind: string, name: string, spec: Readonly<Record<string, unknown>>): void => {
    objects.push({ type: `metallb.io/${kind}`, meta: { namespace, name, labels: {} }, spec: without(spec) });
  };
  const all = take(configText, data, []);
  if (all === undefined) return { objects, findings };
  const known = Object.keys(configText.shape);
  for (const key of Object.keys(Object(data))) {
    if (known.includes(key)) continue;
    findings.push({ code: 'E_FIELD_UNKNOWN', field: key, reason: `is not known${suggestion(key, known)}` });
  }
  for (const [i, value] of all['address-pools'].entries()) {
    const read = take(pool, value, ['address-pools', i]);
    if (read !== undefined) addPool(read, i, add, findings);
  }
  for (const [i, value] of all.peers.entries()) {
    const read = take(peer, value, ['peers', i]);
    if (read !== undefined) add('BGPPeer', `peer${i + 1}`, peerSpec(read));
  }
  for (const [i, value] of all['bfd-profiles'].entries()) {
    const read = take(profile, value, ['bfd-profiles', i]);
    if (read === undefined) continue;
    const { name, ...rest } = read;
    add('BFDProfile', objectName(name), camel(rest));
  }
  const communities = Object.entries(all['bgp-communities']).map(([name, value]) => ({ name, value }));
  if (communities.length > 0) add('Community', 'communities', { communities });
  return { objects, findings };
}

type Add = (kind: string, name: string, spec: Readonly<Record<string, unknown>>) => void;

function addPool(read: z.output<typeof pool>, i: number, add: Add, findings: ConfigMapFinding[]): void {
  const { protocol, addresses } = read;
  const name = objectName(read.name);
  add('IPAddressPool', name, {
    addresses,
    autoAssign: read['auto-assign'],
    avoidBuggyIPs: read['avoid-buggy-ips'],
  });
  if (protocol === 'layer2') add('L2Advertisement', `l2advertisement${i + 1}`, { ipAddressPools: [name] });
  else if (protocol === 'bgp') {
    const listed = read['bgp-advertisements'] ?? [];
    for (const [j, one] of (listed.length === 0 ? [{}] : listed).entries()) {
      const { localpref, ...rest } = one;
      const suffix = listed.length > 1 ? `-${j + 1}` : '';
      const spec = { ...camel(rest), localPref: localpref, ipAddressPools: [name] };
      add('BGPAdvertisement', `bgpadvertisement${i + 1}${suffix}`, spec);
    }
  } else {
    const near = protocol === 'l2' ? '; did you mean "layer2"?' : '';
    const reason = `is none of layer2 and bgp: the addresses of the pool are given out and nobody announces them${near}`;
    findings.push({ code: 'W_FEATURE', field: `address-pools[${i}].protocol`, value: protocol, reason });
  }
}

function peerSpec(read: z.output<typeof peer>): Readonly<Record<string, unknown>> {
  return {
    myASN: read['my-asn'],
    peerASN: read['peer-asn'],
    peerAddress: read['peer-address'],
    sourceAddress: read['source-address'],
    peerPort: read['peer-port'],
    holdTime: read['hold-time'],
    keepaliveTime: read['keepalive-time'],
    routerID: read['router-id'],
    nodeSelectors: read['node-selectors']?.map((one) =>
      without({ matchLabels: one['match-labels'], matchExpressions: one['match-expressions'] }),
    ),
    password: read.password,
    bfdProfile: read['bfd-profile'],
    ebgpMultiHop: read['ebgp-multihop'],
  };
}

function parseText(written: string, findings: ConfigMapFinding[]): unknown {
  try {
    const document = parseDocument(written, { strict: true, uniqueKeys: true });
    const [error] = document.errors;
    if (error === undefined) return document.toJS({ maxAliasCount: mostAliases });
    findings.push({ code: 'E_FILE_SYNTAX', field: '', reason: `is not valid YAML: ${error.message.split('\n')[0]}` });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    findings.push({ code: 'E_FILE_ALIASES', field: '', reason: `cannot be read: ${reason}` });
  }
  return undefined;
}

/** A name as objects of Kubernetes have it. */
function objectName(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 63)
    .replace(/[^a-z0-9]+$/, '');
  return plain === '' ? 'pool' : plain;
}

/** `aggregation-length-v6` → `aggregationLengthV6`. */
function camel(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

function without(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}
