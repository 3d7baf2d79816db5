/** A load balancer that is not ours and stands where one of ours shall be: told with what it lacks. */
import type { Observed } from '../../src/model/index.ts';
import type { Place } from './name-changes.ts';
import { adoptedTag, loadBalancerResource, ownershipTags } from './names.ts';
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
  const tags = [...(sets.Tags ?? [])].map(([key, { attrs: tag }]) => [key, String(tag.Value)] as const);
  const proofs = ownershipTags(build.cluster, stack, loadBalancerResource);
  const missing = Object.entries(proofs).filter(
    ([key, value]) => !tags.some((tag) => tag[0] === key && tag[1] === value),
  );
  const others = tags.filter(([key, value]) => isProof(key) && proofs[key] !== value);
  const [dns = ''] = facts.addresses ?? [];
  const which = `the load balancer ${String(attrs.Name)} (${handle}${dns === '' ? '' : `, ${dns}`})`;
  if (others.length > 0)
    return `${which} has this name and belongs to somebody else (${textOf(others)}); choose another name, or remove it there`;
  const region = handle.split(':')[3] ?? 'REGION';
  const given = missing.map(([Key, Value]) => quoted(`Key=${Key},Value=${Value}`)).join(' ');
  const command = `aws elbv2 add-tags --region ${region} --resource-arns ${handle} --tags ${given}`;
  const remedy = `put them back (${command}); or have it adopted (options.adopt of the balancer, adopt of the service); or delete it, and one with another DNS name is made`;
  const whose = members.map(nameOf).join(', ');
  return settled.name === attrs.Name
    ? `${which} has this name and lacks the tags by which weir knows its own: ${textOf(missing)}. If it is that of ${whose}, ${remedy}. If it is somebody else's, choose another name`
    : `${which} is that of ${whose} and lacks the tags by which weir knows its own: ${textOf(missing)}. Nobody has touched it: ${remedy}`;
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
