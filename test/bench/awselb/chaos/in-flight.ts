import type { FakeAws } from '../../../fakes/aws/index.ts';
import type { VirtualClock } from '../../../run/virtual-clock.ts';

type After = NonNullable<FakeAws['hooks']['after']>;
type Call = Parameters<After>[0];

/** Default of AWS. */
const delaySeconds = 300;

/**
 * What clients have not been answered yet, or have open: it lives in the target group that it was sent to, for the group's deregistration
 * delay. A group that is deleted earlier, while the front that had sent it there serves on, has lost it.
 */
export class InFlight {
  readonly #aws: FakeAws;
  readonly #clock: VirtualClock;
  /** Target group → front that sends to it → the last time that it did. */
  readonly #sent = new Map<string, Map<string, number>>();
  readonly #lost: string[] = [];
  /** What the delete that is under way will have lost. */
  #cut: readonly string[] = [];
  /** Deletes that were looked at. */
  judged = 0;

  constructor(aws: FakeAws, clock: VirtualClock) {
    this.#aws = aws;
    this.#clock = clock;
  }

  /** Before every call: what was sent until now. */
  before({ action, params }: Call): void {
    if (action === 'DeleteTargetGroup') this.#cut = this.#judge(String(Reflect.get(params, 'TargetGroupArn')));
    if (/^(Describe|Get)/.test(action)) return;
    const nowMs = this.#clock.now();
    for (const { arn, users, targets } of this.#aws.world.elb.targetGroups.all()) {
      if (targets.size === 0) continue;
      for (const { arn: front, actions } of users.keys()) {
        const sends = actions.some(
          ({ TargetGroupArn, ForwardConfig }) =>
            ForwardConfig?.TargetGroups?.some((one) => one.TargetGroupArn === arn && one.Weight !== 0) ??
            TargetGroupArn === arn,
        );
        if (!sends) continue;
        const sent = this.#sent.get(arn) ?? new Map<string, number>();
        this.#sent.set(arn, sent.set(front, nowMs));
      }
    }
  }

  /** After every call that was answered, or whose answer got lost. */
  after({ action, params }: Call, outcome: Parameters<After>[1]): void {
    if (action !== 'DeleteTargetGroup' || (outcome?.kind !== 'done' && outcome?.kind !== 'reply lost')) return;
    this.judged++;
    this.#lost.push(...this.#cut);
    this.#sent.delete(String(Reflect.get(params, 'TargetGroupArn')));
  }

  /** Deletes since the last time that cut something off, in words. */
  violations(): readonly string[] {
    return this.#lost.splice(0);
  }

  #judge(arn: string): readonly string[] {
    const { targetGroups, rules, listeners } = this.#aws.world.elb;
    const group = targetGroups.truly(arn);
    if (group === undefined) return [];
    const delayMs = Number(group.attributes.get('deregistration_delay.timeout_seconds') ?? delaySeconds) * 1000;
    const standing = new Set([...listeners.all()].map(({ defaultRule }) => defaultRule.arn));
    return [...(this.#sent.get(arn) ?? [])].flatMap(([front, sentMs]) => {
      const sinceMs = this.#clock.now() - sentMs;
      if (sinceMs >= delayMs || (rules.truly(front) === undefined && !standing.has(front))) return [];
      return [`${group.name} is deleted ${sinceMs} ms after ${front} has sent to it: what is in flight is lost`];
    });
  }
}
