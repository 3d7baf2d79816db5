import { Ec2State } from '../ec2/state.ts';
import { type Quotas, quotas } from '../elbv2/quotas.ts';
import { ElbState } from '../elbv2/state.ts';
import { AcmState } from '../other/acm-state.ts';
import type { Delay } from './delay.ts';
import { Ids } from './ids.ts';
import { Lingering } from './lingering.ts';

/** Milliseconds, as the controller's own clock counts them. */
export interface FakeClock {
  now(): number;
  wall(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** How long things take. */
export interface Timings {
  /** `provisioning` → `active`. */
  loadBalancer: Delay;
  /** `initial` → `healthy`, from the moment on at which the group is used and the target registered. */
  target: Delay;
  /** Network interfaces of a deleted load balancer stay so long and block their security groups and subnets. */
  interfaces: Delay;
  /** A target group still counts as in use so many calls after its last listener or rule has gone. */
  releaseCalls: number;
}

/** Everything one account has in one Region. The handlers of all services work on it; nothing in here knows HTTP. */
export class World {
  readonly accountId: string;
  readonly region: string;
  readonly clock: FakeClock;
  readonly timings: Timings;
  readonly quotas: Quotas;
  readonly ids: Ids;
  /** Number of the running call. */
  readonly moment = { index: 0 };
  readonly ec2: Ec2State;
  readonly elb: ElbState;
  readonly acm: AcmState;
  /** Interfaces of load balancers that are gone. */
  readonly lingering: Lingering;
  /** Load balancer ARN → web ACL ARN. */
  readonly webAclOf = new Map<string, string>();
  /** Web ACLs that exist: ARN → name. */
  readonly webAcls = new Map<string, string>();
  readonly protections = new Map<
    string,
    { readonly Id: string; readonly Name: string; readonly ResourceArn: string }
  >();
  shieldSubscribed = false;

  constructor(options: {
    accountId: string;
    region: string;
    clock: FakeClock;
    timings: Partial<Timings>;
    quotas: Partial<Quotas>;
    seed: string;
  }) {
    this.accountId = options.accountId;
    this.region = options.region;
    this.clock = options.clock;
    this.timings = { loadBalancer: {}, target: {}, interfaces: {}, releaseCalls: 0, ...options.timings };
    this.quotas = { ...quotas, ...options.quotas };
    this.lingering = new Lingering(this.timings.interfaces, () => options.clock.now());
    this.ids = new Ids(options.seed);
    this.ec2 = new Ec2State(options.region, this.ids, this.moment);
    this.elb = new ElbState(this.moment);
    this.acm = new AcmState(options.region, options.accountId, this.ids, this.moment);
  }

  /** The time of the API: wall-clock. */
  date(): Date {
    return new Date(this.clock.wall());
  }

  arn(service: string, rest: string): string {
    return `arn:aws:${service}:${this.region}:${this.accountId}:${rest}`;
  }
}
