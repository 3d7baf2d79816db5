/** Where a connection to the memory system would end up: what a client of a cloud sees. Pure. */
import type { Observed } from '../../src/model/index.ts';

/** Weight of each target (member key) that may answer; empty: nobody does. `path` and `host` are for HTTP. */
export function answering(
  observed: readonly Observed[],
  request: { readonly lb: string; readonly listener: string; readonly host?: string; readonly path?: string },
): ReadonlyMap<string, number> {
  const byHandle = new Map(observed.map((object) => [object.handle, object]));
  const place = `${request.lb}:${request.listener}`;
  const listener = observed.find(({ kind, attrs }) => kind === 'Listener' && attrs.place === place);
  if (listener === undefined) return new Map();
  const rule = observed
    .filter(({ kind, refs }) => kind === 'Rule' && refs.listener === listener.handle)
    .sort((a, b) => Number(a.attrs.priority) - Number(b.attrs.priority))
    .find((candidate) => matches(candidate, request.host ?? '', request.path ?? '/'));
  const weights = new Map<string, number>();
  for (const [handle, { attrs }] of (rule ?? listener).sets.forward ?? []) {
    const group = byHandle.get(handle);
    const share = Number(attrs.weight ?? 1);
    for (const [key, member] of group?.sets.targets ?? []) {
      const weight = share * Number(member.attrs.weight ?? 1);
      if (weight > 0 && group?.health?.targets?.get(key) === 'ready')
        weights.set(key, (weights.get(key) ?? 0) + weight);
    }
  }
  return weights;
}

function matches({ attrs }: Observed, host: string, path: string): boolean {
  const wanted = String(attrs.host);
  const hostFits =
    wanted === '' ||
    wanted === host ||
    (wanted.startsWith('*.') && host.split('.').slice(1).join('.') === wanted.slice(2));
  const { type, value } = pathOf(attrs.path);
  if (!hostFits) return false;
  if (type === 'exact') return path === value;
  if (type === 'regex') return new RegExp(value).test(path);
  if (type === 'stringPrefix') return path.startsWith(value);
  const prefix = value.endsWith('/') ? value : `${value}/`;
  return path === value || path.startsWith(prefix);
}

function pathOf(path: unknown): { type: string; value: string } {
  if (typeof path !== 'object' || path === null || !('type' in path) || !('value' in path))
    return { type: 'prefix', value: '/' };
  return { type: String(path.type), value: String(path.value) };
}
