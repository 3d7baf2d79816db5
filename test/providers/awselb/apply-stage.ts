/** Plans for a strict account, carried out by the real SDK in this process: what was called, what was noted, what came of it. */
import assert from 'node:assert/strict';
import { callsOf, createApply } from '../../../providers/awselb/apply.ts';
import { createClients } from '../../../providers/awselb/clients.ts';
import { Known } from '../../../providers/awselb/known.ts';
import { options as optionSchema } from '../../../providers/awselb/options.ts';
import { rateClassOf } from '../../../providers/awselb/rates.ts';
import { openSession } from '../../../providers/awselb/session.ts';
import type {
  Context,
  Environment,
  ExportedService,
  Handle,
  Health,
  Observed,
  Step,
} from '../../../src/model/index.ts';
import { resolveStep } from '../../../src/run/resolve-step.ts';
import { SkippingClock } from '../../conformance/skipping-clock.ts';
import { FakeAws, type FakeAwsOptions } from '../../fakes/aws/index.ts';
import { type Seeded, seed } from '../../fakes/aws/seed.ts';
import { desire, planned } from './desire.ts';
import { type PolicyWatch, readPolicy, watchPolicy } from './iam-policy.ts';

process.env.AWS_ACCESS_KEY_ID ??= 'test';
process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
process.env.AWS_EC2_METADATA_DISABLED ??= 'true';

export class Stage {
  readonly clock = new SkippingClock();
  readonly aws: FakeAws;
  readonly place: Seeded;
  readonly policy: PolicyWatch;
  readonly known = new Known();
  readonly options = optionSchema.parse({ clusterName: 'test', region: 'eu-west-1' });
  /** Secrets by their hash. */
  readonly secrets = new Map<string, string>();
  readonly apply: ReturnType<typeof createApply>;
  readonly environment: Environment;
  readonly ctx: Context;
  /** Plans that had something to do in the last convergence. */
  rounds = 0;
  readonly #abort = new AbortController();
  readonly #close: () => void;

  constructor(options: FakeAwsOptions = {}) {
    this.aws = new FakeAws({ clock: this.clock, ...options });
    this.place = seed(this.aws);
    this.policy = watchPolicy(this.aws, readPolicy('iam-policy.json'));
    this.aws.world.shieldSubscribed = true;
    this.aws.world.webAcls.set(acl, 'shop');
    this.environment = environmentOf(this.aws, this.place);
    const { endpoint, requestHandler } = this.aws.client();
    assert.ok(requestHandler !== undefined);
    this.ctx = {
      clock: this.clock,
      log: { debug() {}, info() {}, warn() {}, error() {} },
      limiter: { take: () => Promise.resolve(), throttled() {} },
      secret: ({ sha256 }: { readonly sha256: string }) => Promise.resolve(this.secrets.get(sha256)),
      changed() {},
      stateDir: '/nowhere',
      balancer: 'edge',
      node: 'n',
      metric() {},
    };
    const { ctx } = this;
    const clients = createClients({
      options: { ...this.options, endpoint },
      region: 'eu-west-1',
      ctx,
      signal: this.#abort.signal,
      maxAttempts: 3,
      requestHandler,
    });
    this.#close = () => clients.destroy();
    this.apply = createApply({
      clients,
      known: this.known,
      options: this.options,
      cluster: 'test',
      region: 'eu-west-1',
      ctx,
    });
  }

  close(): void {
    this.#abort.abort();
    this.#close();
    assert.deepEqual(this.aws.loud, []);
    assert.deepEqual(this.policy.denied, []);
  }

  /** As discovery would read it; whatever is used is healthy. */
  observe(): readonly Observed[] {
    const all = this.known.all();
    const used = new Set(
      all.flatMap(({ refs, sets }) => [
        ...(refs.TargetGroupArn === undefined ? [] : [refs.TargetGroupArn]),
        ...(sets.TargetGroups?.keys() ?? []),
      ]),
    );
    const groups = new Map(all.filter(({ kind }) => kind === 'TargetGroup').map((one) => [one.handle, one.serves]));
    return all.map((object): Observed => {
      const { kind, refs, sets } = object;
      if (kind === 'TargetGroup') {
        const state: Health = used.has(object.handle) ? 'ready' : 'initial';
        const health = new Map([...(sets.Targets?.keys() ?? [])].map((key) => [key, state]));
        return { ...object, health: { Targets: health } };
      }
      const to = [refs.TargetGroupArn ?? '', ...(sets.TargetGroups?.keys() ?? [])].flatMap(
        (arn) => groups.get(arn) ?? [],
      );
      return to.length === 0 ? object : { ...object, serves: [...new Set(to)] };
    });
  }

  run(step: Step): Promise<Handle | undefined> {
    return this.apply(step, this.#abort.signal);
  }

  /** Carries a step out and answers what was called. */
  async calls(step: Step): Promise<readonly string[]> {
    const from = this.aws.journal.entries.at(-1)?.index ?? 0;
    await this.run(step);
    return this.aws.journal.since(from).map(({ action }) => action);
  }

  /**
   * Plans and applies until nothing is left. Holds the calls of every step against `callsOf`, where none of them failed. Answers the steps.
   */
  async converge(services: readonly ExportedService[], { counted = true } = {}): Promise<readonly Step[]> {
    const done: Step[] = [];
    for (this.rounds = 0; this.rounds < 12; this.rounds++) {
      const observed = this.observe();
      const { resources, problems } = desire(services, {
        environment: this.environment,
        options: { clusterName: 'test' },
        present: observed,
      });
      assert.deepEqual(
        problems.filter(({ severity }) => severity === 'error'),
        [],
      );
      const { steps, refused } = planned(resources, observed);
      assert.deepEqual(refused, []);
      if (steps.length === 0) {
        await this.#reread(services);
        return done;
      }
      const handles = new Map<number, Handle>();
      let saved = 0;
      for (const step of steps) {
        if (step.op === 'wait') continue;
        const resolved = resolveStep(step, handles);
        const from = this.aws.journal.entries.at(-1)?.index ?? 0;
        const made = await this.run(resolved);
        if (made !== undefined) handles.set(step.n, made);
        const calls = this.aws.journal.since(from).map(({ action }) => action);
        const smooth = this.aws.journal.since(from).every(({ outcome }) => outcome?.kind === 'done');
        const said = callsOf(step);
        if (isDeferred(step)) saved += Object.values(said).reduce((sum, n) => sum + n, 0) - calls.length;
        else if (counted && smooth) assert.deepEqual(byClass(calls), { ...said }, `${told(step)}: ${calls}`);
        done.push(step);
      }
      assert.ok(!counted || saved >= 0, `${-saved} calls more than were said`);
    }
    assert.fail('does not come to rest');
  }

  /** Another process, which knows only what AWS answers, has nothing to do. */
  async #reread(services: readonly ExportedService[]): Promise<void> {
    const { requestHandler } = this.aws.client();
    assert.ok(requestHandler !== undefined);
    const { credentials } = this.aws.client();
    const options = { ...this.options, vpcId: this.place.vpc, endpoint: 'http://aws.invalid' };
    const session = await openSession(options, this.ctx, { requestHandler, credentials });
    try {
      await session.discover(services, this.#abort.signal);
      const present = await session.observe('all', this.#abort.signal);
      const wish = { environment: this.environment, options: { clusterName: 'test' }, present };
      const { steps, refused } = planned(desire(services, wish).resources, present);
      assert.deepEqual(
        [...steps.filter(({ op }) => op !== 'wait').map((step) => `${told(step)} (${step.why})`), ...refused],
        [],
        'read again',
      );
    } finally {
      await session.close('leave');
    }
  }
}

/** What AWS takes only together with another step: one of them calls nothing, the other one says it all. */
function isDeferred({ op, set, attrs = {} }: Step): boolean {
  if (set === 'Certificates') return true;
  if (op === 'update') return ['DefaultActions', 'Actions', 'Protocol'].some((name) => name in attrs);
  return op === 'remove' && set === 'TargetGroups';
}

export const acl = 'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/1';

export function told({ op, kind, id, set, attrs }: Step): string {
  return `${op} ${kind} ${id} ${set ?? Object.keys(op === 'update' ? (attrs ?? {}) : {}).join()}`;
}

export function byClass(calls: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const call of calls) counts[rateClassOf(call)] = (counts[rateClassOf(call)] ?? 0) + 1;
  return counts;
}

function environmentOf({ world }: FakeAws, place: Seeded): Environment {
  const subnets = [...world.ec2.subnets.all()].map(({ SubnetId, VpcId, AvailabilityZone, CidrBlock, tags }) => ({
    SubnetId,
    VpcId,
    AvailabilityZone,
    CidrBlock,
    Public: place.publicSubnets.includes(SubnetId),
    AvailableIpAddressCount: 200,
    Tags: Object.fromEntries(tags),
  }));
  return {
    Region: world.region,
    Vpc: { VpcId: place.vpc, CidrBlocks: ['10.0.0.0/16'] },
    Subnets: subnets,
    SecurityGroups: [{ GroupId: place.nodeGroup, GroupName: 'test-nodes', VpcId: place.vpc, Tags: {} }],
    Instances: place.instances.map((InstanceId, i) => ({
      InstanceId,
      PrivateIpAddresses: [place.nodeAddresses[i] ?? ''],
      SecurityGroups: [place.nodeGroup],
    })),
    WebAcls: [{ Name: 'shop', Arn: acl }],
  };
}
