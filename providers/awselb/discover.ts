import type { SecurityGroup } from '@aws-sdk/client-ec2';
import { type Environment, type ErrorCode, type ExportedService, sameJson, WeirError } from '../../src/model/index.ts';
import { findCertificates, findLimits, findTrustStores, findWebAcls, hasShield } from './discover-names.ts';
import { type Abort, findInstances, findInterfaces, findSubnets, findVpc } from './discover-network.ts';
import type { Drive } from './drive.ts';
import type { environmentSchema } from './environment.ts';
import { createInterfaces } from './interfaces.ts';
import { backendRuleDescription } from './names.ts';
import { settingsOf } from './owners.ts';
import type { Registered } from './registered.ts';
import type { ServiceOptions } from './service-options.ts';
import type { Snapshot } from './snapshot.ts';

type Found = ReturnType<typeof environmentSchema.parse>;

/** What changes rarely is asked for again after this; certificates come and go with the services. */
const keepMs = 600_000;
const certificatesMs = 60_000;
const listsMs = 60_000;

export interface Discovery {
  /** `besides`: see `Session.discover`. */
  find(services: readonly ExportedService[], besides: readonly ExportedService[]): Promise<Environment>;
  /** What could not be asked for, though something depends on it. */
  troubles(): readonly { readonly code: ErrorCode; readonly message: string }[];
}

/** What the services need to know of the account: asked for when one of them needs it, and kept for a while. */
export function createDiscovery(
  { clients, ctx, options, region, registered }: Drive,
  snapshot: Snapshot,
  machineVpc: () => Promise<string | undefined>,
  signal: () => AbortSignal,
): Discovery {
  const abort: Abort = () => ({ abortSignal: signal() });
  const troubles = new Map<string, { readonly code: ErrorCode; readonly message: string }>();

  /** The same value as before while it is young, and the same object while it says the same. */
  const kept = <T extends object | boolean>(read: () => Promise<T>, maxAgeMs = keepMs): (() => Promise<T>) => {
    let known: { readonly value: T; readonly atMs: number } | undefined;
    return async () => {
      const nowMs = ctx.clock.now();
      if (known !== undefined && nowMs - known.atMs < maxAgeMs) return known.value;
      const value = await read();
      known = { value: known !== undefined && sameText(known.value, value) ? known.value : value, atMs: nowMs };
      return known.value;
    };
  };
  /** Without permission the rest goes on without it, and says so. */
  const optional =
    <T extends object | boolean>(name: string, read: () => Promise<T>, without: T) =>
    async (): Promise<T> => {
      try {
        const value = await read();
        troubles.delete(name);
        return value;
      } catch (error) {
        if (!(error instanceof WeirError) || error.code !== 'E_CLOUD_PERMISSION') throw error;
        troubles.set(name, { code: error.code, message: `${name}: ${error.message}` });
        return without;
      }
    };

  const vpc = kept(() => findVpc(clients, options, machineVpc, abort));
  const subnets = kept(async () => findSubnets(clients, (await vpc()).VpcId, abort));
  const limits = kept(optional('limits of the account', () => findLimits(clients, abort), {}));
  const certificates = kept(
    optional('certificates', () => findCertificates(clients, abort), []),
    certificatesMs,
  );
  const webAcls = kept(optional('web ACLs', () => findWebAcls(clients, abort), []));
  const trustStores = kept(optional('trust stores', () => findTrustStores(clients, abort), []));
  const shield = kept(optional('Shield subscription', () => hasShield(clients, abort), false));
  const instances = kept(optional('instances', async () => findInstances(clients, (await vpc()).VpcId, abort), []));
  const interfaces = createInterfaces(keepMs, async (addresses) =>
    optional('network interfaces', async () => findInterfaces(clients, (await vpc()).VpcId, addresses, abort), [])(),
  );

  return {
    troubles: () => [...troubles.values()],
    async find(services, besides) {
      const Vpc = await vpc();
      snapshot.vpcId = Vpc.VpcId;
      const settings = services.map(settingsOf);
      const needs = needsOf(services, settings, options);
      const named = namesOf(settings);
      snapshot.learn({ LoadBalancers: [], TargetGroups: [] }, services, besides);
      const [, Subnets, Limits, Instances, NetworkInterfaces, Certificates, WebAcls, TrustStores, Shield] =
        await Promise.all([
          snapshot.lists(named.size > 0 ? undefined : listsMs),
          subnets(),
          limits(),
          needs.instances ? instances() : [],
          needs.addresses.length > 0 ? interfaces(needs.addresses, ctx.clock.now()) : [],
          needs.certificates ? certificates() : [],
          needs.webAcls ? webAcls() : [],
          needs.trustStores ? trustStores() : [],
          needs.shield ? shield() : undefined,
        ]);
      const lists = listed(snapshot, named, settings, named.size === 0 ? undefined : registered?.all());
      snapshot.learn(lists, services, besides);
      return {
        Region: region,
        ClusterName: options.clusterName,
        Vpc,
        Subnets,
        Limits,
        Instances,
        NetworkInterfaces: [...NetworkInterfaces],
        Certificates,
        WebAcls,
        TrustStores,
        Searched: true,
        ...lists,
        ...(Shield === undefined ? {} : { ShieldSubscription: Shield }),
      };
    },
  };
}

function sameText(a: object | boolean, b: object | boolean): boolean {
  return a === b || sameJson(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
}

function needsOf(
  services: readonly ExportedService[],
  settings: readonly ServiceOptions[],
  { manageBackendRules, certificateDiscovery, waf, shield }: Drive['options'],
) {
  const opens = settings.some((one) => manageBackendRules && one.manageBackendRules !== false);
  const backends = services.flatMap((service) => Object.values(service.backends));
  const byInstance = backends.some(({ targetKind }) => targetKind === 'instance');
  const secure = services.some(({ fronts }) =>
    fronts.some(({ protocol }) => protocol === 'https' || protocol === 'tls'),
  );
  const addresses = opens
    ? backends.flatMap(({ targetKind, targets }) => (targetKind === 'ip' ? targets.map(({ address }) => address) : []))
    : [];
  return {
    instances: byInstance,
    addresses: [...new Set(addresses)],
    certificates:
      secure && (certificateDiscovery || settings.some(({ certificateArns = [] }) => certificateArns.length > 0)),
    webAcls: waf && settings.some(({ wafv2Acl = 'none' }) => wafv2Acl !== 'none' && !wafv2Acl.startsWith('arn:')),
    trustStores: settings.some(({ listeners = {} }) =>
      Object.values(listeners).some(({ mutualAuthentication }) => mutualAuthentication?.trustStore !== undefined),
    ),
    shield: shield && settings.some((one) => one.shield === true),
  };
}

/** Load balancers and target groups of others that services name. */
function namesOf(settings: readonly ServiceOptions[]): ReadonlySet<string> {
  const names = settings.flatMap(({ adopt, targetGroup, backends = {}, rules = {}, listeners = {} }) => [
    adopt,
    targetGroup?.targetGroup,
    ...Object.values(backends).map((one) => one.targetGroup),
    ...Object.values(rules).flatMap((one) => (one.targetGroups ?? []).map((group) => group.targetGroup)),
    ...Object.values(listeners).flatMap((one) => (one.forward ?? []).map((group) => group.targetGroup)),
  ]);
  return new Set(names.filter((name) => name !== undefined));
}

/** What is not ours: by its name where services name it, as a number for the quotas, as groups of nodes and pods. */
function listed(
  { account, owners, vpcId }: Snapshot,
  named: ReadonlySet<string>,
  settings: readonly ServiceOptions[],
  registered: ReturnType<Registered['all']> | undefined,
) {
  const LoadBalancers: Found['LoadBalancers'] = [];
  const Counts = { ApplicationLoadBalancers: 0, NetworkLoadBalancers: 0, TargetGroups: 0, NetworkInterfaces: 0 };
  for (const [arn, one] of account.loadBalancers) {
    const Tags = { ...account.tags.get(arn) };
    const name = one.LoadBalancerName ?? '';
    if (named.has(arn) || named.has(name))
      LoadBalancers.push({
        LoadBalancerArn: arn,
        LoadBalancerName: name,
        Type: one.Type ?? '',
        Scheme: one.Scheme ?? '',
        ...(one.DNSName === undefined ? {} : { DNSName: one.DNSName }),
        ...(one.VpcId === undefined ? {} : { VpcId: one.VpcId }),
        ...(one.IpAddressType === undefined ? {} : { IpAddressType: one.IpAddressType }),
        SecurityGroups: [...(one.SecurityGroups ?? [])],
        Tags,
      });
    if (owners.of(arn, Tags) !== undefined) continue;
    if (one.Type === 'application') Counts.ApplicationLoadBalancers++;
    if (one.Type !== 'network') continue;
    Counts.NetworkLoadBalancers++;
    if (one.VpcId === vpcId) Counts.NetworkInterfaces += one.AvailabilityZones?.length ?? 0;
  }
  const TargetGroups: Found['TargetGroups'] = [];
  for (const [arn, one] of account.targetGroups) {
    const name = one.TargetGroupName ?? '';
    if (named.has(arn) || named.has(name))
      TargetGroups.push({
        TargetGroupArn: arn,
        TargetGroupName: name,
        TargetType: one.TargetType ?? 'instance',
        Protocol: one.Protocol ?? '',
        ...(one.Port === undefined ? {} : { Port: one.Port }),
        ...(one.VpcId === undefined ? {} : { VpcId: one.VpcId }),
        IpAddressType: one.IpAddressType ?? 'ipv4',
        ...(registered === undefined ? {} : { RegisteredTargets: [...(registered.get(arn)?.targets ?? [])].sort() }),
        Tags: { ...account.tags.get(arn) },
      });
    if (owners.of(arn, account.tags.get(arn)) === undefined) Counts.TargetGroups++;
  }
  const SecurityGroups: Found['SecurityGroups'] = [];
  const bare =
    settings.some(({ disableSecurityGroup }) => disableSecurityGroup === true) ||
    [...account.loadBalancers.values()].some(
      ({ Type, SecurityGroups: own = [] }) => Type === 'network' && own.length === 0,
    );
  for (const [id, one] of account.securityGroups) {
    const Tags = { ...account.tags.get(id) };
    if (owners.isBackendGroup(Tags) || owners.of(id, Tags) !== undefined) continue;
    const vpcId = one.VpcId === undefined ? {} : { VpcId: one.VpcId };
    const Open = bare ? openedIn(one) : [];
    SecurityGroups.push({ GroupId: id, GroupName: one.GroupName ?? '', ...vpcId, Open, Tags });
  }
  return { LoadBalancers, TargetGroups, SecurityGroups, Counts };
}

/** What somebody else has opened to addresses. */
function openedIn({ IpPermissions = [] }: SecurityGroup): string[] {
  return IpPermissions.flatMap(({ IpProtocol, FromPort, ToPort, IpRanges = [], Ipv6Ranges = [] }) =>
    [
      ...IpRanges.map(({ CidrIp, Description }) => [CidrIp, Description]),
      ...Ipv6Ranges.map(({ CidrIpv6, Description }) => [CidrIpv6, Description]),
    ].flatMap(([range, said]) =>
      said === backendRuleDescription ? [] : [[IpProtocol, FromPort, ToPort, range].join('|')],
    ),
  );
}
