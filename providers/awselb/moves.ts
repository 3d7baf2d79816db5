import type { FrontGroup, Problem } from '../../src/model/index.ts';
import type { GroupResult } from './model-group.ts';
import type { Present } from './present.ts';
import { nameOf, tell } from './tell.ts';

/** Services that another load balancer serves than the one that shall: the DNS name that their clients know goes with it. Pure. */
export function tellMoves({ services }: FrontGroup, { resources }: GroupResult, present: Present): readonly Problem[] {
  const wanted = resources.find(({ kind }) => kind === 'LoadBalancer');
  if (wanted === undefined) return [];
  const { Name, Type, Scheme } = wanted.attrs;
  const serving = present
    .of('LoadBalancer', wanted.id)
    .find(({ attrs }) => attrs.Name === Name && attrs.Type === Type && attrs.Scheme === Scheme);
  const asked = new Set(wanted.serves);
  return services.flatMap((service): readonly Problem[] => {
    const now = present.balancersFor(service.id);
    if (!asked.has(service.id) || now.size === 0 || (serving !== undefined && now.has(serving.handle))) return [];
    const [old] = [...now].flatMap((handle) => present.at('LoadBalancer', handle) ?? []);
    // A replacement is told where it is decided.
    if (old === undefined || (old.id === wanted.id && serving === undefined)) return [];
    const [dns = String(old.attrs.Name)] = old.facts.addresses ?? [];
    const [next] = serving?.facts.addresses ?? [];
    const where = next === undefined ? 'one that is made for it' : `${String(Name)} (${next})`;
    const message = `${nameOf(service)} moves from this load balancer to ${where}, so its DNS name changes: this one serves until the new one does, and no longer. Where records are slow, make a second service first, point them at it, and delete this one then`;
    return [tell(service, 'W_NAME_CHANGES', 'LoadBalancer', dns, message)];
  });
}
