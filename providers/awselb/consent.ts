/** Load balancers that somebody else made: what a service takes over as it is, and what it may have replaced. */
import type { ExportedService, Observed } from '../../src/model/index.ts';
import { findAdopted } from './adopt.ts';
import type { Build } from './build.ts';
import { isMadeElsewhere } from './made-elsewhere.ts';
import { adoptedTag, type LoadBalancerType } from './names.ts';
import { type Settled, sayerOf } from './settle.ts';
import { tellSetting } from './tell.ts';

/** Settings with those of the load balancer that shall be adopted where the service says nothing. Refuses what may not be taken. */
export function adopt(
  settled: Settled,
  type: LoadBalancerType,
  first: ExportedService,
  build: Build,
): Settled | undefined {
  if (settled.adopt === undefined) return settled;
  const { found, allowed } = findAdopted(settled.adopt, build.environment, build.options);
  const refuse = (code: 'E_DISCOVERY' | 'E_CONSENT', message: string): undefined => {
    const owner = sayerOf(settled, ['adopt'], first);
    build.refuse(owner, tellSetting(owner, code, ['adopt'], settled.adopt, message));
  };
  if (found === undefined)
    return build.environment.Searched !== true && build.environment.LoadBalancers.length === 0 && allowed
      ? settled
      : refuse('E_DISCOVERY', 'there is no such load balancer; give the ARN or name of one that exists');
  if (!allowed)
    return refuse(
      'E_CONSENT',
      'this load balancer may not be adopted; add its ARN or a tag of it to adopt of the balancer',
    );
  const consent = settled.replaceAdopted === true || build.options.allow.replaceAdopted;
  const asked = settled.scheme ?? found.Scheme;
  if ((found.Type !== type || found.Scheme !== asked) && !consent) {
    return refuse(
      'E_CONSENT',
      `it is of type ${found.Type}, scheme ${found.Scheme}, and would be replaced by ${type}, ${asked}; set replaceAdopted to agree, or ask for what it is`,
    );
  }
  return { ...settled, scheme: asked === 'internal' ? 'internal' : 'internet-facing' };
}

/** One that somebody else made is replaced by consent alone, whether a service still names it or not. */
export function mayReplace(
  settled: Settled,
  old: Observed,
  members: readonly ExportedService[],
  build: Build,
): boolean {
  const { replace, replaceAdopted } = build.options.allow;
  const theirs = isMadeElsewhere(old);
  if (theirs ? replaceAdopted || settled.replaceAdopted === true : replace) return true;
  const is = `${String(old.attrs.Type)}, ${String(old.attrs.Scheme)}`;
  const message = theirs
    ? `the load balancer ${String(old.attrs.Name)} (${is}) was made by somebody else and adopted, and would be replaced, and its DNS name with it; set replaceAdopted to agree, or take the change back`
    : `the load balancer is ${is} and would be replaced, and its DNS name with it; set allow.replace of the balancer to agree, or take the change back`;
  for (const member of members)
    build.refuse(member, tellSetting(member, 'E_CONSENT', ['scheme'], settled.scheme ?? '', message));
  return false;
}

/** What `adopt` names serves, also where the service has a load balancer of ours already: that one goes, and never the other. */
export function adoptedFirst(
  present: readonly Observed[],
  { adopt: named }: Settled,
  { environment, options }: Build,
): readonly Observed[] {
  if (named === undefined || present.length < 2) return present;
  const arn = findAdopted(named, environment, options).found?.LoadBalancerArn;
  return present.toSorted((a, b) => Number(b.handle === arn) - Number(a.handle === arn));
}

/** Made by somebody else: named by `adopt` now, or marked since it was. */
export function isAdopted(
  { adopt: named }: Settled,
  kept: Observed | undefined,
  { environment, options }: Build,
): boolean {
  if (kept === undefined) return false;
  if (kept.sets.Tags?.has(adoptedTag) === true) return true;
  return named !== undefined && findAdopted(named, environment, options).found?.LoadBalancerArn === kept.handle;
}
