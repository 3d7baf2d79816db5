/** Attributes of one object, by a call or two of its own: what changes rarely and is read when there is time. */
import type { Account, Extras, Tags } from './account.ts';
import { isNotFound } from './api-error.ts';
import type { Clients } from './clients.ts';

/** What of a load balancer needs calls of its own: asked for by its services. */
export interface ExtrasWish {
  readonly capacity: boolean;
  readonly webAcl: boolean;
  readonly shield: boolean;
}

export type AttributeReader = (kind: string, arn: string, wish: ExtrasWish) => Promise<void>;

/** Reads into the account; what is gone leaves nothing. */
export function createAttributeReader(clients: Clients, account: Account, signal: () => AbortSignal): AttributeReader {
  const options = () => ({ abortSignal: signal() });
  return async (kind, arn, wish) => {
    try {
      account.attributes.set(arn, await attributesOf(kind, arn, clients, options));
      if (kind === 'LoadBalancer') account.extras.set(arn, await extrasOf(arn, wish, clients, options));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      account.attributes.delete(arn);
    }
  };
}

async function attributesOf(
  kind: string,
  arn: string,
  clients: Clients,
  options: () => { abortSignal: AbortSignal },
): Promise<Tags> {
  const sdk = await import('@aws-sdk/client-elastic-load-balancing-v2');
  const elb = await clients.elb();
  const { Attributes = [] } =
    kind === 'LoadBalancer'
      ? await elb.send(new sdk.DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: arn }), options())
      : kind === 'TargetGroup'
        ? await elb.send(new sdk.DescribeTargetGroupAttributesCommand({ TargetGroupArn: arn }), options())
        : await elb.send(new sdk.DescribeListenerAttributesCommand({ ListenerArn: arn }), options());
  return Object.fromEntries(Attributes.map(({ Key = '', Value = '' }) => [Key, Value]));
}

async function extrasOf(
  arn: string,
  wish: ExtrasWish,
  clients: Clients,
  options: () => { abortSignal: AbortSignal },
): Promise<Extras> {
  let extras: Extras = {};
  if (wish.capacity) {
    const { DescribeCapacityReservationCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2');
    const elb = await clients.elb();
    const answer = await elb.send(new DescribeCapacityReservationCommand({ LoadBalancerArn: arn }), options());
    const units = answer.MinimumLoadBalancerCapacity?.CapacityUnits;
    if (units !== undefined) extras = { ...extras, capacityUnits: units };
  }
  if (wish.webAcl) {
    const { GetWebACLForResourceCommand } = await import('@aws-sdk/client-wafv2');
    const waf = await clients.wafv2();
    const { WebACL } = await waf.send(new GetWebACLForResourceCommand({ ResourceArn: arn }), options());
    extras = { ...extras, webAclArn: WebACL?.ARN ?? '' };
  }
  if (wish.shield) {
    const { DescribeProtectionCommand } = await import('@aws-sdk/client-shield');
    const shield = await clients.shield();
    try {
      const { Protection } = await shield.send(new DescribeProtectionCommand({ ResourceArn: arn }), options());
      extras = { ...extras, shield: Protection !== undefined };
    } catch (error) {
      if (!isNotFound(error)) throw error;
      extras = { ...extras, shield: false };
    }
  }
  return extras;
}
