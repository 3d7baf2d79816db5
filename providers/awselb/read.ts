/** The reading calls, page by page; each answers plain data. Errors are those of the clients. */
import type { SecurityGroup, SecurityGroupRule } from '@aws-sdk/client-ec2';
import type {
  Listener,
  LoadBalancer,
  Rule,
  TargetGroup,
  TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Tags } from './account.ts';
import { isNotFound } from './api-error.ts';
import type { Clients } from './clients.ts';

/** Things in a page of ELBv2, of EC2; ARNs in one DescribeTags. */
const elbPage = 400;
const ec2Page = 1000;
const tagBatch = 20;

export interface Reader {
  loadBalancers(): Promise<readonly LoadBalancer[]>;
  targetGroups(): Promise<readonly TargetGroup[]>;
  /** All groups of the VPC; without one, of the region. */
  securityGroups(vpcId: string | undefined): Promise<readonly SecurityGroup[]>;
  securityGroupRules(groups: readonly string[]): Promise<readonly SecurityGroupRule[]>;
  /** ARN → tags of everything that carries this tag. */
  tagged(key: string, value: string): Promise<ReadonlyMap<string, Tags>>;
  /** Of ELBv2 objects; what is gone has none. */
  tags(arns: readonly string[]): Promise<ReadonlyMap<string, Tags>>;
  /** Empty for what is gone: so are the next ones. */
  listeners(loadBalancer: string): Promise<readonly Listener[]>;
  rules(listener: string): Promise<readonly Rule[]>;
  certificates(listener: string): Promise<readonly { readonly arn: string; readonly isDefault: boolean }[]>;
  health(targetGroup: string): Promise<readonly TargetHealthDescription[]>;
}

export function createReader(clients: Clients, signal: () => AbortSignal): Reader {
  const options = () => ({ abortSignal: signal() });
  return {
    async loadBalancers() {
      const { DescribeLoadBalancersCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2');
      const elb = await clients.elb();
      return pages(async (Marker) => {
        const page = { PageSize: elbPage, ...(Marker === undefined ? {} : { Marker }) };
        const answer = await elb.send(new DescribeLoadBalancersCommand(page), options());
        return [answer.LoadBalancers, answer.NextMarker];
      });
    },
    async targetGroups() {
      const { DescribeTargetGroupsCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2');
      const elb = await clients.elb();
      return pages(async (Marker) => {
        const page = { PageSize: elbPage, ...(Marker === undefined ? {} : { Marker }) };
        const answer = await elb.send(new DescribeTargetGroupsCommand(page), options());
        return [answer.TargetGroups, answer.NextMarker];
      });
    },
    async securityGroups(vpcId) {
      const { DescribeSecurityGroupsCommand } = await import('@aws-sdk/client-ec2');
      const ec2 = await clients.ec2();
      const Filters = vpcId === undefined ? {} : { Filters: [{ Name: 'vpc-id', Values: [vpcId] }] };
      return pages(async (NextToken) => {
        const page = { MaxResults: ec2Page, ...Filters, ...(NextToken === undefined ? {} : { NextToken }) };
        const answer = await ec2.send(new DescribeSecurityGroupsCommand(page), options());
        return [answer.SecurityGroups, answer.NextToken];
      });
    },
    async securityGroupRules(groups) {
      const { DescribeSecurityGroupRulesCommand } = await import('@aws-sdk/client-ec2');
      const ec2 = await clients.ec2();
      return pages(async (NextToken) => {
        const page = {
          MaxResults: ec2Page,
          Filters: [{ Name: 'group-id', Values: [...groups] }],
          ...(NextToken === undefined ? {} : { NextToken }),
        };
        const answer = await ec2.send(new DescribeSecurityGroupRulesCommand(page), options());
        return [answer.SecurityGroupRules, answer.NextToken];
      });
    },
    async tagged(Key, value) {
      const { GetResourcesCommand } = await import('@aws-sdk/client-resource-groups-tagging-api');
      const tagging = await clients.tagging();
      const found = await pages(async (PaginationToken) => {
        const page = {
          ResourcesPerPage: 100,
          ResourceTypeFilters: ['elasticloadbalancing', 'ec2:security-group'],
          TagFilters: [{ Key, Values: [value] }],
          ...(PaginationToken === undefined ? {} : { PaginationToken }),
        };
        const answer = await tagging.send(new GetResourcesCommand(page), options());
        return [answer.ResourceTagMappingList, answer.PaginationToken];
      });
      return new Map(found.map(({ ResourceARN = '', Tags: list }) => [ResourceARN, tagsOf(list)]));
    },
    async tags(arns) {
      const { DescribeTagsCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2');
      const elb = await clients.elb();
      const found = new Map<string, Tags>();
      const describe = async (batch: readonly string[]): Promise<void> => {
        try {
          const { TagDescriptions = [] } = await elb.send(
            new DescribeTagsCommand({ ResourceArns: [...batch] }),
            options(),
          );
          for (const { ResourceArn = '', Tags: list } of TagDescriptions) found.set(ResourceArn, tagsOf(list));
        } catch (error) {
          if (!isNotFound(error)) throw error;
          // One of them is gone: which, is found by asking for each half.
          const middle = batch.length >> 1;
          if (middle > 0) for (const half of [batch.slice(0, middle), batch.slice(middle)]) await describe(half);
        }
      };
      for (let at = 0; at < arns.length; at += tagBatch) await describe(arns.slice(at, at + tagBatch));
      return found;
    },
    listeners: (LoadBalancerArn) =>
      orNone(async () => {
        const { DescribeListenersCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2');
        const elb = await clients.elb();
        return pages(async (Marker) => {
          const page = { LoadBalancerArn, PageSize: elbPage, ...(Marker === undefined ? {} : { Marker }) };
          const answer = await elb.send(new DescribeListenersCommand(page), options());
          return [answer.Listeners, answer.NextMarker];
        });
      }),
    rules: (ListenerArn) =>
      orNone(async () => {
        const { DescribeRulesCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2');
        const elb = await clients.elb();
        const found = await pages(async (Marker) => {
          const page = { ListenerArn, PageSize: elbPage, ...(Marker === undefined ? {} : { Marker }) };
          const answer = await elb.send(new DescribeRulesCommand(page), options());
          return [answer.Rules, answer.NextMarker];
        });
        return found.filter(({ IsDefault }) => IsDefault !== true);
      }),
    certificates: (ListenerArn) =>
      orNone(async () => {
        const { DescribeListenerCertificatesCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2');
        const elb = await clients.elb();
        const found = await pages(async (Marker) => {
          const page = { ListenerArn, PageSize: elbPage, ...(Marker === undefined ? {} : { Marker }) };
          const answer = await elb.send(new DescribeListenerCertificatesCommand(page), options());
          return [answer.Certificates, answer.NextMarker];
        });
        return found.map(({ CertificateArn: arn = '', IsDefault = false }) => ({ arn, isDefault: IsDefault }));
      }),
    health: (TargetGroupArn) =>
      orNone(async () => {
        const { DescribeTargetHealthCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2');
        const elb = await clients.elb();
        const answer = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }), options());
        return answer.TargetHealthDescriptions ?? [];
      }),
  };
}

/** Until a page names no next one. */
export async function pages<T>(
  read: (marker: string | undefined) => Promise<readonly [readonly T[] | undefined, string | undefined]>,
): Promise<readonly T[]> {
  const found: T[] = [];
  let marker: string | undefined;
  do {
    const [items = [], next] = await read(marker);
    found.push(...items);
    marker = next === '' ? undefined : next;
  } while (marker !== undefined);
  return found;
}

async function orNone<T>(read: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await read();
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** `[{Key, Value}]` as a map. */
export function tagsOf(
  list: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Tags {
  return Object.fromEntries((list ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}
