/** A load balancer that is not ours and stands where one of ours shall be: told with what it lacks. */
import type { Observed } from '../../src/model/index.ts';
import type { Tags } from './account.ts';
import type { Place } from './name-changes.ts';
import { adoptedTag, loadBalancerResource, ownershipTags, type Stack } from './names.ts';
import { sayerOf } from './settle.ts';
import { nameOf, tell, tellSetting } from './tell.ts';

/**
 * Nothing is made beside one that has the name, or that was the load balancer of these services and has lost its tags: whose it is only its
 * owner can say.
 */
export function tellStranger(stranger: Observed, place: Place): void {
  const { settled, members, build } = place;
  const [first] = members;
  if (first === undefined) return;
  const name = String(stranger.attrs.Name);
  const message = messageOf(stranger, place);
  build.warn(
    settled.name === name
      ? tellSetting(sayerOf(settled, ['name'], first), 'E_HELD', ['name'], name, message)
      : tell(first, 'E_HELD', 'LoadBalancer', name, message),
  );
}

function messageOf({ handle, attrs, sets, facts }: Observed, { settled, members, stack, build }: Place): string {
  const tags = Object.fromEntries([...(sets.Tags ?? [])].map(([key, { attrs: tag }]) => [key, String(tag.Value)]));
  const { others, missing, command } = compareTags(handle, tags, build.cluster, stack);
  const [dns = ''] = facts.addresses ?? [];
  const which = `the load balancer ${String(attrs.Name)} (${handle}${dns === '' ? '' : `, ${dns}`})`;
  if (others !== '')
    return `${which} has this name and belongs to somebody else (${others}); choose another name, or remove it there`;
  const remedy = `put them back (${command}); or have it adopted (options.adopt of the balancer, adopt of the service); or delete it, and one with another DNS name is made`;
  const whose = members.map(nameOf).join(', ');
  return settled.name === attrs.Name
    ? `${which} has this name and lacks the tags by which weir knows its own: ${missing}. If it is that of ${whose}, ${remedy}. If it is somebody else's, choose another name`
    : `${which} is that of ${whose} and lacks the tags by which weir knows its own: ${missing}. Nobody has touched it: ${remedy}`;
}

/** Why something of ours is not deleted: a load balancer uses it that has lost its tags, or that never was ours. */
export function holderText(
  { arn, name, tags }: { readonly arn: string; readonly name: string; readonly tags: Tags },
  cluster: string,
  stack: Pick<Stack, 'scope' | 'name'> | undefined,
): string {
  const which = `load balancer ${name} (${arn})`;
  const lacks = stack === undefined ? undefined : compareTags(arn, tags, cluster, stack);
  if (lacks === undefined || lacks.others !== '' || lacks.missing === '')
    return `${which}, which is not of this weir, uses it; it goes when that one is deleted or no longer uses it`;
  return `${which} uses it and lacks the tags by which weir knows its own: ${lacks.missing}. Put them back (${lacks.command}), or delete it by hand`;
}

/** Proofs that tags give to somebody else, those of a stack that are missing, and how these are put back; empty: none. */
function compareTags(
  arn: string,
  tags: Tags,
  cluster: string,
  stack: Pick<Stack, 'scope' | 'name'>,
): { readonly others: string; readonly missing: string; readonly command: string } {
  const proofs = ownershipTags(cluster, stack, loadBalancerResource);
  const missing = Object.entries(proofs).filter(([key, value]) => tags[key] !== value);
  const others = Object.entries(tags).filter(([key, value]) => isProof(key) && proofs[key] !== value);
  const region = arn.split(':')[3] ?? 'REGION';
  const given = missing.map(([Key, Value]) => quoted(`Key=${Key},Value=${Value}`)).join(' ');
  const command = `aws elbv2 add-tags --region ${region} --resource-arns ${arn} --tags ${given}`;
  return { others: textOf(others), missing: textOf(missing), command };
}

function textOf(tags: readonly (readonly [string, string])[]): string {
  return tags.map(([key, value]) => `${key}=${value}`).join(', ');
}

function isProof(key: string): boolean {
  return key !== adoptedTag && /^(elbv2|service|ingress)\.k8s\.aws\//.test(key);
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w.,:=/@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
