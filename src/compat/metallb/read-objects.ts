import { type Pool, shown } from '../../model/index.ts';
import { parseLabelSelector } from '../../net/index.ts';
import { Collector, type MetallbFinding, type MetallbObject, type MetallbOptions } from './collect.ts';
import type { MetallbIntent } from './intent.ts';
import { layer2Fields, layer2Spec, toLayer2 } from './layer2-spec.ts';
import { poolFieldNames, poolFields, poolSpec, toPool } from './pool-spec.ts';
import { readBgp } from './read-bgp.ts';

/** A pool with the labels that advertisements select it by. */
export interface LabelledPool {
  readonly pool: Pool;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * What MetalLB's objects mean, all together. Its webhooks' refusals are findings about the object that the owner has to change; a bad
 * object is left out and everything else counts. What pools say of addresses is judged by who gives them out (src/alloc).
 */
export function readMetallb<T extends MetallbObject>(
  objects: readonly T[],
  options: MetallbOptions<T>,
): { readonly intent: MetallbIntent; readonly findings: readonly MetallbFinding<T>[] } {
  const collector = new Collector(objects, options.home);
  const pools = readPools(collector, options);
  const layer2 = collector.of('L2Advertisement', layer2Spec, layer2Fields).map(({ object, name, value }) => {
    if (!options.announces.includes('layer2')) tellUnannounced(collector, object, 'on the local network');
    const { source = `L2Advertisement/${name}` } = options.placeOf(object);
    return toLayer2(name, value, poolsOf(collector, object, value, pools), source);
  });
  const bgp = readBgp(collector, pools, (object) => {
    if (!options.announces.includes('bgp')) tellUnannounced(collector, object, 'by BGP');
  });
  return { intent: { pools: pools.map(({ pool }) => pool), layer2, bgp }, findings: collector.findings };
}

function readPools<T extends MetallbObject>(
  collector: Collector<T>,
  { namespaces, placeOf }: MetallbOptions<T>,
): readonly LabelledPool[] {
  return collector.of('IPAddressPool', poolSpec, poolFields).map(({ object, name, value }) => {
    const pool = { ...toPool(name, value, namespaces), fields: poolFieldNames, ...placeOf(object) };
    return { pool, labels: object.meta.labels };
  });
}

/**
 * The names of the pools that an advertisement is about; undefined: all. One that is named and not there stays: addresses that came out of it
 * are kept, and go by the rules that name it.
 */
export function poolsOf<T extends MetallbObject>(
  collector: Collector<T>,
  object: T,
  spec: {
    readonly ipAddressPools: readonly string[] | undefined;
    readonly ipAddressPoolSelectors: readonly string[] | undefined;
  },
  pools: readonly LabelledPool[],
): readonly string[] | undefined {
  const { ipAddressPools: named, ipAddressPoolSelectors: selectors } = spec;
  if (named === undefined && selectors === undefined) return undefined;
  for (const [i, name] of (named ?? []).entries()) {
    if (pools.some(({ pool }) => pool.name === name)) continue;
    const known = pools.slice(0, 8).map(({ pool }) => shown(pool.name));
    const reason = `names a pool that does not exist${known.length === 0 ? '' : `; there are ${known.join(', ')}`}`;
    collector.tell(object, { code: 'W_FEATURE', path: ['spec', 'ipAddressPools', i], value: name, reason });
  }
  const tests = (selectors ?? []).flatMap((text) => {
    const parsed = parseLabelSelector(text);
    return parsed.ok ? [parsed.value] : [];
  });
  const selected = pools.filter(
    ({ pool, labels }) => named?.includes(pool.name) === true || tests.some((selects) => selects(labels)),
  );
  return [...new Set([...selected.map(({ pool }) => pool.name), ...(named ?? [])])];
}

function tellUnannounced<T extends MetallbObject>(collector: Collector<T>, object: T, how: string): void {
  const reason = `is read, and weir does not announce addresses ${how}: leave that to who does it now`;
  collector.tell(object, { code: 'W_FEATURE', path: [], reason });
}
