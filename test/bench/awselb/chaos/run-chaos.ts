import type { PlanReport } from '../../../../src/model/index.ts';
import { Random } from '../../../property/random.ts';
import { Stage } from '../stage.ts';
import type { Twist } from '../twists.ts';
import { census, foreign, registered } from './census.ts';
import { interfere } from './hand.ts';
import { InFlight } from './in-flight.ts';
import { Oracle } from './oracle.ts';
import { plantForeign } from './plant-foreign.ts';
import { type Member, Population, resourceOf, serviceId } from './population.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** Simulated minutes at least; ends with a calm. */
  readonly minutes: number;
  /** A fault to plant, to see that it is found. */
  readonly twist?: Twist | undefined;
  /** Ends when so many violations were found. */
  readonly enough?: number;
  readonly tell?: (line: string) => void;
  /** Everything that happens, for who looks for a cause. */
  readonly trace?: (line: string) => void;
}

export interface ChaosResult {
  readonly violations: readonly string[];
  readonly minutes: number;
  readonly changes: number;
  readonly calls: number;
  readonly throttled: number;
  readonly lost: number;
  readonly kills: number;
  /** Dark moments looked at, and those that a plan had told of. */
  readonly judged: number;
  readonly excused: number;
  /** Longest way back to rest, in simulated minutes. */
  readonly slowestMinutes: number;
  readonly changesByKind: Readonly<Record<string, number>>;
}

const minuteMs = 60_000;
/** Changes come for so long, then everything must come to rest. */
const stormMs = 20 * minuteMs;
const restMs = 240 * minuteMs;

/**
 * Random changes of everything on the virtual clock, while half of all calls are throttled, replies get lost, weir is killed, and somebody
 * changes things by hand. After each storm everything must come to rest as it is wanted.
 */
export async function runChaos({
  seed,
  minutes,
  twist,
  enough = 20,
  tell = () => {},
  trace,
}: ChaosOptions): Promise<ChaosResult> {
  const random = new Random(seed ^ 0x5eed);
  const population = new Population(seed);
  const violations: string[] = [];
  const kinds: Record<string, number> = {};
  let oracle: Oracle | undefined;
  const stage: Stage = await Stage.open({
    maxAttempts: 1,
    random: () => random.next(),
    fake: {
      seed: `chaos ${seed}`,
      timings: { loadBalancer: { ms: 90_000 }, target: { ms: 20_000 }, interfaces: { ms: 30_000 }, releaseCalls: 1 },
    },
    ...(twist === undefined ? {} : { twist }),
    events: {
      planned(plan) {
        oracle?.planned(plan);
        if (trace !== undefined) for (const line of linesOf(plan)) trace(`${stage.clock.now()} plan ${line}`);
      },
      step({ step, result, message = '' }) {
        trace?.(`${stage.clock.now()} ${result} ${step.unit} ${step.n} ${step.op} ${step.kind} ${step.id} ${message}`);
      },
    },
  });
  const { aws, cluster, clock } = stage;
  aws.journal.keep(200);
  oracle = new Oracle(aws, clock);
  const flight = new InFlight(aws, clock);
  aws.hooks.before = (call) => flight.before(call);
  plantForeign(aws, stage.seeded);
  const others = foreign(aws);
  let [kills, slowestMs, throttled, lost] = [0, 0, 0, 0];
  aws.hooks.after = (call, outcome) => {
    flight.after(call, outcome);
    if (outcome?.kind === 'throttled') throttled++;
    if (outcome?.kind === 'reply lost') lost++;
  };
  const tellAll = (replaced: readonly string[] = [], what = 'start'): void => {
    oracle?.want(population.members.values(), replaced);
    const before = new Set(cluster.names);
    for (const member of population.members.values()) {
      cluster.put(member.name, population.manifests(member));
      before.delete(member.name);
    }
    for (const name of before) cluster.remove(name);
    cluster.tell(what);
  };
  const sick = new Set<string>();
  const arm = () => {
    aws.faults.add({ effect: { kind: 'throttle' }, share: 0.5, seed: seed + 1 });
    aws.faults.add({ effect: { kind: 'lose reply' }, share: 0.03, seed: seed + 2 });
    aws.faults.add({ effect: { kind: 'lose request' }, share: 0.01, seed: seed + 3 });
  };

  const storm = async (): Promise<void> => {
    const endMs = clock.now() + stormMs;
    while (clock.now() < endMs) {
      const roll = random.next();
      if (roll < 0.72) {
        const { what, replaced } = population.change();
        kinds[what] = (kinds[what] ?? 0) + 1;
        trace?.(`${clock.now()} change ${what} ${replaced.join()}`);
        tellAll(replaced, what);
      } else if (roll < 0.84) {
        oracle?.aside(() => {
          const deed = interfere(aws, random);
          kinds[deed] = (kinds[deed] ?? 0) + 1;
          trace?.(`${clock.now()} somebody ${deed}`);
        });
      } else if (roll < 0.94) {
        const member = random.pick([...population.members.values()]);
        sicken(member);
      } else {
        kills++;
        trace?.(`${clock.now()} kill`);
        await stage.kill();
        await stage.start();
      }
      await stage.pass(Math.round(random.next() * 2 * minuteMs));
    }
  };

  /** One target of several falls ill, or all are well again. */
  const sicken = (member: Member): void => {
    const lists = member.kind === 'network' ? [member.endpoints] : Object.values(member.endpoints);
    oracle?.disturb(serviceId(member));
    for (const target of sick) aws.heal(target);
    sick.clear();
    const list = random.pick(lists);
    if (list.length < 2) return;
    const target = random.pick(list);
    sick.add(target);
    aws.sicken(target);
  };

  const rest = async (): Promise<void> => {
    for (const target of sick) aws.heal(target);
    sick.clear();
    const tookMs = await stage.settle(restMs, 5_000);
    if (tookMs === undefined) {
      violations.push(`does not come to rest: ${stage.troubles().join('; ')}`);
    }
    slowestMs = Math.max(slowestMs, tookMs ?? restMs);
    // What somebody did by hand is found by the slow audit, attributes too.
    await stage.pass(40 * minuteMs);
    await stage.settle(restMs, 5_000);
    judge(`after ${Math.round(clock.now() / minuteMs)} minutes`);
    aws.faults.clear();
    const { units } = await stage.plan();
    for (const { unit, steps, refused } of units) {
      for (const { op, kind, id, why } of steps)
        violations.push(`${unit}: another weir would ${op} ${kind} ${id}: ${why}`);
      for (const { op, kind, id, why } of refused) violations.push(`${unit}: ${op} ${kind} ${id} is refused: ${why}`);
    }
    arm();
    oracle?.calm();
  };

  const judge = (when: string): void => {
    const found = [
      ...(oracle?.violations() ?? []),
      ...flight.violations(),
      ...(oracle?.unanswered(population.members.values()) ?? []),
      ...census(aws, population.members.values(), population.schemes),
      ...wrongTargets(),
      ...(foreign(aws) === others ? [] : ['something foreign was touched']),
      ...aws.loud.splice(0),
      ...cluster.problems.map(({ message }) => `the manifests are wrong: ${message}`),
    ];
    violations.push(...found.map((text) => `${when}: ${text}`));
  };

  const wrongTargets = (): readonly string[] =>
    [...population.members.values()].flatMap((member) => {
      const lists = member.kind === 'network' ? { '': member.endpoints } : member.endpoints;
      const used = member.kind === 'network' ? [''] : [...new Set(Object.values(member.paths))];
      return used.flatMap((key) => {
        const wanted = [...(Object.entries(lists).find(([name]) => name === key)?.[1] ?? [])].sort().join(' ');
        const resource = key === 'a' || key === 'b' ? resourceOf(member, key) : resourceOf(member);
        const seen = registered(aws, resource);
        if (seen.length === 0) return [`no target group of ${resource}`];
        const wrong = seen.filter((list) => list.join(' ') !== wanted);
        return wrong.map((list) => `targets of ${resource} are ${list.join(' ')}, not ${wanted}`);
      });
    });

  let told = 0;
  try {
    arm();
    tellAll();
    await stage.start();
    await rest();
    while (clock.now() < minutes * minuteMs && violations.length < enough) {
      await storm();
      await rest();
      for (const text of violations.slice(told)) tell(`VIOLATION ${text}`);
      told = violations.length;
      const last = violations.length === 0 ? 'clean' : `${violations.length} violations`;
      tell(`${Math.round(clock.now() / minuteMs)} minutes, ${aws.journal.total} calls, ${kills} kills: ${last}`);
    }
  } finally {
    aws.faults.clear();
    await stage.close();
  }
  return {
    violations,
    minutes: Math.round(clock.now() / minuteMs),
    changes: Object.values(kinds).reduce((sum, count) => sum + count, 0),
    calls: aws.journal.total,
    throttled,
    lost,
    kills,
    judged: oracle.judged + flight.judged,
    excused: oracle.excused,
    slowestMinutes: Math.round(slowestMs / minuteMs),
    changesByKind: kinds,
  };
}

function* linesOf({ units }: PlanReport): Generator<string> {
  for (const { unit, steps, refused } of units) {
    for (const { n, op, kind, id, why, after, gap, risk } of steps)
      yield `${unit} ${n} ${op} ${kind} ${id} (${why}) after ${after.join()} ${JSON.stringify({ gap, risk })}`;
    for (const { op, kind, id, why, by } of refused) yield `${unit} refused ${op} ${kind} ${id} ${why} ${by}`;
  }
}
