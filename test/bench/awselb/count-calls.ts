import { deregisterTargets } from '../../fakes/aws/elbv2/targets.ts';
import type { Entry } from '../../fakes/aws/index.ts';
import { callsByName } from './calls.ts';
import { ingress, type Manifest, networkService, webService } from './manifests.ts';
import { Stage } from './stage.ts';
import type { Twist } from './twists.ts';

export interface Counted {
  /** Figure → value, and how many services stand behind it. */
  readonly values: Readonly<Record<string, readonly [value: number, n: number]>>;
  readonly parts: readonly {
    readonly what: string;
    readonly calls: number;
    readonly names: string;
    /** Simulated. */
    readonly tookMs: number;
  }[];
}

const count = 50;
const minuteMs = 60_000;
/** Longer than a change needs, shorter than the time between two audits. */
const quietMs = 30_000;
const auditMs = 10 * minuteMs;

const address = (service: number, target: number): string =>
  `10.0.${[135, 151, 167][target % 3]}.${service + 1 + 100 * Math.floor(target / 3)}`;

/** `swapped`: the first target of each has been exchanged. */
function fifty(swapped = false, revision = 1): readonly (readonly [string, readonly Manifest[]])[] {
  return Array.from({ length: count }, (_, i) => {
    const endpoints = [swapped ? address(i, 2) : address(i, 0), address(i, 1)].map((one) => ({ address: one }));
    const name = `s${i}`;
    return [name, networkService({ namespace: 'shop', name, ports: [80], endpoints, revision })] as const;
  });
}

function web(revision = 1): readonly Manifest[] {
  const names = ['one', 'two', 'three'];
  const endpoints = (i: number) => [address(60 + i, 0), address(60 + i, 1)].map((one) => ({ address: one }));
  return [
    ...names.flatMap((name, i) => webService({ namespace: 'web', name, endpoints: endpoints(i) })),
    ingress({
      namespace: 'web',
      name: 'site',
      paths: names.map((service) => ({ host: `${service}.test`, path: '/', service })),
      revision,
    }),
  ];
}

/** Everything in one life: created, swapped, touched, restarted, changed by hand while weir was away. */
export async function countCalls(twist?: Twist): Promise<Counted> {
  const timings = { loadBalancer: { describes: 2 }, target: { describes: 2 } };
  const stage = await Stage.open({ fake: { timings }, ...(twist === undefined ? {} : { twist }) });
  const values: Record<string, readonly [number, number]> = {};
  const parts: Counted['parts'][number][] = [];
  const { aws, cluster, clock } = stage;
  let from = 0;
  const begin = () => {
    aws.journal.clear();
    from = clock.now();
  };
  const end = (what: string, figure?: string, n = count, mine?: string): readonly Entry[] => {
    const all = [...aws.journal.entries];
    const entries = mine === undefined ? all : all.filter((entry) => !isOfRound(entry, mine));
    parts.push({ what, calls: entries.length, names: callsByName(entries), tookMs: clock.now() - from });
    if (figure !== undefined) values[figure] = [entries.length, n];
    return entries;
  };
  const settle = async (what: string): Promise<void> => {
    if ((await stage.settle(60 * minuteMs)) === undefined)
      throw new Error(`${what} does not come to rest: ${stage.troubles().join('; ')}`);
  };
  const put = (all: readonly (readonly [string, readonly Manifest[]])[], cause: string) => {
    for (const [name, manifests] of all) cluster.put(name, manifests, true);
    cluster.tell(cause);
  };
  /** The audit that is made every minute has just passed: what is counted in the next half minute is the change's own. */
  const afterAudit = async (): Promise<void> => {
    await stage.pass(2 * auditMs);
    aws.journal.clear();
    await stage.until(() => aws.journal.of('DescribeTargetGroups').length > 0, auditMs);
    await stage.pass(10_000);
  };
  try {
    put(fifty(), 'fifty services');
    begin();
    await stage.start();
    await settle('the creation');
    end('50 services created', 'aws.create50_calls');

    await afterAudit();
    begin();
    put(fifty(true), 'endpoints');
    await stage.until(() => aws.journal.of('DeregisterTargets').length >= count, 10 * minuteMs);
    const swaps = end('one endpoint of each exchanged', 'aws.swap50_calls');
    await settle('the exchange');
    end('the same until every target is known to be healthy', 'aws.swap50_known_calls');
    values['aws.swap50_early'] = [earlyRemovals(swaps), count];

    await afterAudit();
    begin();
    put(fifty(true, 2).slice(7, 8), 'touched');
    await stage.pass(quietMs);
    end('one unchanged Service touched', 'aws.touch_calls', 1, '/k8s-shop-s7-');

    await stage.stop();
    put(fifty(true, 2), 'restart');
    begin();
    await stage.start();
    await settle('the restart');
    const restarted = end('restart with the 50 unchanged', 'aws.restart50_calls');
    values['aws.restart50_writes'] = [restarted.filter(({ write }) => write).length, count];
    begin();
    await stage.pass(auditMs);
    end('10 minutes after the restart', 'aws.audit50_calls');

    await stage.stop();
    const noticed = await changeByHand(stage, begin, () => settle('the restart after changes by hand'));
    end('restart after a target and an action were changed by hand');
    values['aws.restart50_noticed'] = [noticed, 2];

    await afterAudit();
    begin();
    put([['site', web()]], 'an Ingress');
    await settle('the Ingress');
    end('an Ingress of 3 hosts and 3 Services created', 'aws.ingress_create_calls', 1);
    await afterAudit();
    begin();
    put([['site', web(2)]], 'touched');
    await stage.pass(quietMs);
    end('the unchanged Ingress touched', 'aws.ingress_touch_calls', 1, '/k8s-web-');
    if (aws.loud.length > 0) throw new Error(aws.loud.join('; '));
  } finally {
    await stage.close();
  }
  return { values, parts };
}

/** Attributes of other objects are read one by one all the time, whatever is changed. `mine`: in the ARNs of what was changed. */
function isOfRound({ action, params }: Entry, mine: string): boolean {
  return /^Describe.*Attributes$/.test(action) && !JSON.stringify(params).includes(mine);
}

/** Removals that came before the register of their target group was done. */
function earlyRemovals(entries: readonly Entry[]): number {
  const registered = new Set<unknown>();
  let early = 0;
  for (const { action, params, outcome } of entries) {
    if (action === 'RegisterTargets' && outcome?.kind === 'done') registered.add(params.TargetGroupArn);
    if (action === 'DeregisterTargets' && !registered.has(params.TargetGroupArn)) early++;
  }
  return early;
}

/** While weir is away somebody takes a target out and turns a listener elsewhere; how many of the two the next start has mended. */
async function changeByHand(stage: Stage, begin: () => void, settle: () => Promise<void>): Promise<number> {
  const { world } = stage.aws;
  const groups = [...world.elb.targetGroups.all()].filter(({ tags }) => tags.has('service.k8s.aws/stack'));
  const [first, second, third] = groups;
  const [target] = [...(first?.targets.values() ?? [])].filter(({ drainedMs }) => drainedMs === undefined);
  const listener = [...(second?.users.values() ?? [])][0];
  if (
    first === undefined ||
    second === undefined ||
    third === undefined ||
    target === undefined ||
    listener === undefined
  )
    throw new Error('there is nothing to change by hand');
  const Targets = [{ Id: target.id, Port: target.port, AvailabilityZone: undefined, QuicServerId: undefined }];
  // A target of a group that drains no longer is gone at once.
  first.attributes.set('deregistration_delay.timeout_seconds', '0');
  deregisterTargets(world, { TargetGroupArn: first.arn, Targets });
  first.attributes.set('deregistration_delay.timeout_seconds', '300');
  listener.defaultRule.actions = listener.defaultRule.actions.map((action) => ({
    ...action,
    TargetGroupArn: third.arn,
  }));
  begin();
  await stage.start();
  await settle();
  const back = [...first.targets.values()].some(({ id, drainedMs }) => id === target.id && drainedMs === undefined);
  const turned = JSON.stringify(listener.defaultRule.actions).includes(second.arn);
  return Number(back) + Number(turned);
}
