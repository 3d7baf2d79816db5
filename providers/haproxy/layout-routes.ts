import { inStrides, type Resource, type Sliced } from '../../src/model/index.ts';
import { type Answer, readRoute, readShare, type Treatment } from './attrs.ts';
import { answerName, backendName, shortHash } from './names.ts';
import { pathsAround } from './route-around.ts';
import { type Leading, type RouteTable, routeTableSliced } from './route-table.ts';
import { answerBackend } from './section-answer.ts';
import type { GuardedPath } from './section-around.ts';
import { type Profile, profileOf } from './section-profile.ts';
import type { Share } from './shares.ts';

/** The name of a backend's own section → the spare that it is. */
export type Spares = ReadonlyMap<string, string>;

/** Where a route or a default leads. */
export interface Lead {
  /** What stands in a map: a backend, or a choice `w_…`. */
  readonly target: string;
  /** `target` or `target|profile`. */
  readonly text: string;
  readonly profile: Profile | undefined;
  /** Backend resources it may reach. */
  readonly backends: readonly string[];
  readonly answer: Answer | undefined;
  readonly shares: readonly Share[] | undefined;
}

/** Where a Route or the default of a Frontend leads; `backend` is its single reference, `around` what is guarded otherwise beside it. */
export function leadOf(
  resource: Resource,
  treatment: Treatment,
  backend: string | undefined,
  httpsPort: number,
  around?: readonly GuardedPath[],
): Lead {
  const profile = profileOf(treatment, around);
  const rest = { profile, answer: treatment.answer };
  const forward = resource.sets.forward;
  if (treatment.answer !== undefined) {
    return lead({ ...rest, target: answerBackend(treatment.answer, httpsPort), backends: [], shares: undefined });
  }
  if (forward !== undefined && forward.size > 0) {
    const members = [...forward].filter(([, member]) => member.gone !== true);
    const shares = members.map(([id, member]) => ({
      backend: backendName(id),
      weight: readShare(member.attrs).weight,
    }));
    const target = shares.some(({ weight }) => weight > 0) ? `w_${shortHash(resource.id)}` : answerName(503);
    return lead({ ...rest, target, backends: members.map(([id]) => id), shares });
  }
  const target = backend === undefined ? answerName(503) : backendName(backend);
  return lead({ ...rest, target, backends: backend === undefined ? [] : [backend], shares: undefined });
}

function lead(parts: Omit<Lead, 'text'>): Lead {
  return { ...parts, text: parts.profile === undefined ? parts.target : `${parts.target}|${parts.profile.name}` };
}

/** The same with spares in the place of the sections that they stand for. */
export function placeLead(plain: Lead, spares: Spares): Lead {
  if (spares.size === 0) return plain;
  const target = spares.get(plain.target);
  const moved = target !== undefined || plain.shares?.some(({ backend }) => spares.has(backend)) === true;
  if (!moved) return plain;
  const shares = plain.shares?.map((share) => ({ ...share, backend: spares.get(share.backend) ?? share.backend }));
  return lead({ ...plain, target: target ?? plain.target, shares });
}

/** Everything that the routes of one frontend come to. */
export interface RoutedFrontend {
  readonly table: RouteTable;
  readonly leads: readonly Lead[];
  readonly sourceIps: readonly (readonly string[])[];
}

const known = new WeakMap<
  Resource,
  { readonly httpsPort: number; readonly beside: string | undefined; readonly lead: Lead }
>();

/** Does the larger part of what `routedFrontend` needs of one route, where nothing is guarded beside it. */
export function prepareRoute(route: Resource, httpsPort: number): void {
  routeLead(route, httpsPort, undefined);
}

function routeLead(route: Resource, httpsPort: number, around: readonly GuardedPath[] | undefined): Lead {
  const memo = known.get(route);
  const beside = around === undefined ? undefined : JSON.stringify(around);
  if (memo?.httpsPort === httpsPort && memo.beside === beside) return memo.lead;
  const made = leadOf(route, readRoute(route), route.refs.backend, httpsPort, around);
  known.set(route, { httpsPort, beside, lead: made });
  return made;
}

/** What no route of a frontend takes: the frontend itself with what it says of that. */
export interface Rest {
  readonly resource: Resource;
  readonly treatment: Treatment;
}

/** The routes of a frontend as table and leads. Hosts with guarded paths get a rest of their own, which keeps other spellings of them out. */
export function* routedFrontend(
  routes: readonly Resource[],
  httpsPort: number,
  spares: Spares,
  rest?: Rest,
): Sliced<RoutedFrontend> {
  const leads: Lead[] = [];
  const leading: Leading[] = [];
  const sourceIps: (readonly string[])[] = [];
  const around = pathsAround(routes);
  yield* inStrides(routes, (resource) => {
    const attrs = readRoute(resource);
    const one = placeLead(routeLead(resource, httpsPort, around.of(attrs)), spares);
    leads.push(one);
    leading.push({ attrs, lead: one.text });
    if (attrs.sourceIps !== undefined && attrs.sourceIps.length > 0) sourceIps.push(attrs.sourceIps);
  });
  if (rest !== undefined) {
    const { resource, treatment } = rest;
    for (const host of around.open) {
      const beside = around.of({ host, ...treatment });
      if (beside === undefined) continue;
      const one = placeLead(leadOf(resource, treatment, resource.refs.default, httpsPort, beside), spares);
      leads.push(one);
      leading.push({ attrs: { key: '', host }, lead: one.text });
    }
  }
  yield;
  return { table: yield* routeTableSliced(leading), leads, sourceIps };
}
