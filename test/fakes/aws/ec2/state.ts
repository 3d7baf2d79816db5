/** What EC2 holds of one account and Region, as far as load balancers meet it. Field names are the API's. */
import { BlockList, isIP } from 'node:net';
import { AwsError } from '../core/aws-error.ts';
import type { Ids } from '../core/ids.ts';
import { Table } from '../core/table.ts';

export interface Tagged {
  readonly tags: Map<string, string>;
}

export interface Vpc extends Tagged {
  readonly VpcId: string;
  readonly CidrBlock: string;
  readonly ipv6CidrBlocks: readonly string[];
  readonly IsDefault: boolean;
}

export interface Subnet extends Tagged {
  readonly SubnetId: string;
  readonly VpcId: string;
  readonly CidrBlock: string;
  readonly Ipv6CidrBlock: string | undefined;
  readonly AvailabilityZone: string;
}

export interface Route {
  readonly DestinationCidrBlock?: string | undefined;
  readonly DestinationIpv6CidrBlock?: string | undefined;
  readonly GatewayId?: string | undefined;
  readonly NatGatewayId?: string | undefined;
}

export interface RouteTable extends Tagged {
  readonly RouteTableId: string;
  readonly VpcId: string;
  readonly main: boolean;
  readonly routes: Route[];
  readonly associations: { readonly id: string; readonly subnetId: string }[];
}

export interface InternetGateway extends Tagged {
  readonly InternetGatewayId: string;
  VpcId: string | undefined;
}

export interface GroupRule extends Tagged {
  readonly SecurityGroupRuleId: string;
  readonly GroupId: string;
  readonly IsEgress: boolean;
  readonly IpProtocol: string;
  readonly FromPort: number;
  readonly ToPort: number;
  readonly CidrIpv4?: string;
  readonly CidrIpv6?: string;
  readonly PrefixListId?: string;
  readonly ReferencedGroupId?: string;
  Description?: string | undefined;
}

export interface SecurityGroup extends Tagged {
  readonly GroupId: string;
  readonly GroupName: string;
  readonly Description: string;
  readonly VpcId: string;
  readonly rules: Map<string, GroupRule>;
}

export interface Instance extends Tagged {
  readonly InstanceId: string;
  readonly SubnetId: string;
  readonly VpcId: string;
  readonly PrivateIpAddress: string;
  readonly NetworkInterfaceId: string;
  state: 'pending' | 'running' | 'stopped' | 'terminated';
}

export interface NetworkInterface extends Tagged {
  readonly NetworkInterfaceId: string;
  readonly SubnetId: string;
  readonly VpcId: string;
  readonly Description: string;
  readonly InterfaceType: string;
  readonly RequesterManaged: boolean;
  readonly InstanceId: string | undefined;
  readonly addresses: readonly string[];
  readonly ipv6Addresses: readonly string[];
  groups: readonly string[];
}

export interface Address extends Tagged {
  readonly AllocationId: string;
  readonly PublicIp: string;
  /** The load balancer that holds it. */
  usedBy: string | undefined;
}

export interface PrefixList extends Tagged {
  readonly PrefixListId: string;
  readonly PrefixListName: string;
  readonly AddressFamily: 'IPv4' | 'IPv6';
  readonly MaxEntries: number;
  readonly entries: readonly string[];
}

export class Ec2State {
  readonly vpcs: Table<Vpc>;
  readonly subnets: Table<Subnet>;
  readonly routeTables: Table<RouteTable>;
  readonly internetGateways: Table<InternetGateway>;
  readonly securityGroups: Table<SecurityGroup>;
  readonly instances: Table<Instance>;
  readonly interfaces: Table<NetworkInterface>;
  readonly addresses: Table<Address>;
  readonly prefixLists: Table<PrefixList>;
  readonly ids: Ids;
  readonly zones: readonly string[];
  readonly #used = new Set<string>();
  readonly #next = new Map<string, number>();

  constructor(region: string, ids: Ids, moment: { readonly index: number }) {
    this.ids = ids;
    this.zones = ['a', 'b', 'c', 'd'].map((letter) => `${region}${letter}`);
    this.vpcs = new Table(moment);
    this.subnets = new Table(moment);
    this.routeTables = new Table(moment);
    this.internetGateways = new Table(moment);
    this.securityGroups = new Table(moment);
    this.instances = new Table(moment);
    this.interfaces = new Table(moment);
    this.addresses = new Table(moment);
    this.prefixLists = new Table(moment);
  }

  defaultGroup(vpcId: string): SecurityGroup | undefined {
    for (const group of this.securityGroups.all()) {
      if (group.VpcId === vpcId && group.GroupName === 'default') return group;
    }
    return undefined;
  }

  hasInternetGateway(vpcId: string): boolean {
    for (const gateway of this.internetGateways.all()) if (gateway.VpcId === vpcId) return true;
    return false;
  }

  /** The route table of a subnet: its own, else the VPC's main one. */
  routesOf(subnet: Subnet): RouteTable | undefined {
    let main: RouteTable | undefined;
    for (const table of this.routeTables.all()) {
      if (table.associations.some(({ subnetId }) => subnetId === subnet.SubnetId)) return table;
      if (table.VpcId === subnet.VpcId && table.main) main = table;
    }
    return main;
  }

  /** A free address of a subnet; the first four and the last are AWS's own. */
  takeAddress(subnet: Subnet): string {
    const [base = '', bits = '24'] = subnet.CidrBlock.split('/');
    const start = base.split('.').reduce((number, part) => number * 256 + Number(part), 0);
    const usable = 2 ** (32 - Number(bits)) - 5;
    // Goes round from where it stopped, so that filling a big subnet does not look at every address again.
    const from = this.#next.get(subnet.SubnetId) ?? 0;
    for (let step = 0; step < usable; step++) {
      const offset = ((from + step) % usable) + 4;
      const address = [24, 16, 8, 0].map((shift) => ((start + offset) >>> shift) & 255).join('.');
      if (!this.claimAddress(subnet, address)) continue;
      this.#next.set(subnet.SubnetId, from + step + 1);
      return address;
    }
    throw new AwsError('InvalidSubnet', `The subnet ${subnet.SubnetId} has no free addresses`);
  }

  /** Takes a given address; false when somebody has it. */
  claimAddress(subnet: Subnet, address: string): boolean {
    const key = `${subnet.VpcId} ${address}`;
    if (this.#used.has(key)) return false;
    this.#used.add(key);
    return true;
  }

  freeAddress(vpcId: string, address: string): void {
    this.#used.delete(`${vpcId} ${address}`);
  }

  /** The subnet of a VPC that an address lies in. */
  subnetOf(vpcId: string, address: string): Subnet | undefined {
    for (const subnet of this.subnets.all()) {
      if (subnet.VpcId !== vpcId) continue;
      const range = isIP(address) === 6 ? subnet.Ipv6CidrBlock : subnet.CidrBlock;
      if (range !== undefined && inRange(address, range)) return subnet;
    }
    return undefined;
  }
}

const ranges = new Map<string, BlockList>();

/** Whether an address lies in a range such as `10.0.0.0/16`. */
export function inRange(address: string, cidr: string): boolean {
  const [base = '', bits = ''] = cidr.split('/');
  if (isIP(address) !== isIP(base)) return false;
  const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
  let range = ranges.get(cidr);
  if (range === undefined) {
    range = new BlockList();
    range.addSubnet(base, Number(bits), family);
    ranges.set(cidr, range);
  }
  return range.check(address, family);
}
