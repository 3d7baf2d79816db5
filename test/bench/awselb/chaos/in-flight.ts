import type { FakeAws } from '../../../fakes/aws/index.ts';
import type { VirtualClock } from '../../../run/virtual-clock.ts';

type After = NonNullable<FakeAws['hooks']['after']>;
type Call = Parameters<After>[0];

/** Default of AWS. */
const delaySeconds = 300;
/** A plan deletes what goes together within this time. */
const togetherMs = 120_000;

interface Cut {
  readonly front: string;
  readonly atMs: number;
  readonly text: string;
}

/**
 * What clients have not been answered yet, or have open: it lives in the target group that it was sent to, for the group's deregistration
 * delay. A group that is deleted earlier, while the front that had sent it there serves on, has lost it.
 */
export class InFlight {
  readonly #aws: FakeAws;
  readonly #clock: VirtualClock;
  /** Target group → front that sends to it → the last time that it did. */
  readonly #sent = new Map<string, Map<string, number>>();
  #lost: readonly Cut[] = [];
  /** What the delete that is under way will have lost. */
  #cut: readonly Cut[] = [];
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
    if (outcome?.kind !== 'done' && outcome?.kind !== 'reply lost') return;
    // A front that goes by the same plan has nothing to lose.
    if (/^Delete(Rule|Listener|LoadBalancer)$/.test(action)) {
      const sinceMs = this.#clock.now() - togetherMs;
      this.#lost = this.#lost.filter(({ front, atMs }) => atMs < sinceMs || this.#stands(front));
    }
    if (action !== 'DeleteTargetGroup') return;
    this.judged++;
    this.#lost = [...this.#lost, ...this.#cut];
    this.#sent.delete(String(Reflect.get(params, 'TargetGroupArn')));
  }

  /** Deletes since the last time that cut something off, in words. */
  violations(): readonly string[] {
    const found = this.#lost.map(({ text }) => text);
    this.#lost = [];
    return found;
  }

  #judge(arn: string): readonly Cut[] {
    const group = this.#aws.world.elb.targetGroups.truly(arn);
    if (group === undefined) return [];
    const atMs = this.#clock.now();
    const delayMs = Number(group.attributes.get('deregistration_delay.timeout_seconds') ?? delaySeconds) * 1000;
    return [...(this.#sent.get(arn) ?? [])].flatMap(([front, sentMs]) => {
      if (atMs - sentMs >= delayMs || !this.#stands(front)) return [];
      const text = `${group.name} is deleted ${atMs - sentMs} ms after ${front} has sent to it: what is in flight is lost`;
      return [{ front, atMs, text }];
    });
  }

  #stands(front: string): boolean {
    const { rules, listeners } = this.#aws.world.elb;
    return (
      rules.truly(front) !== undefined || [...listeners.all()].some(({ defaultRule }) => defaultRule.arn === front)
    );
  }
}
