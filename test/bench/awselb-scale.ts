/** Two thousand services in one account: what a cold start and a change cost. */
import { writeFileSync } from 'node:fs';
import { callsByName } from './awselb/calls.ts';
import { networkService } from './awselb/manifests.ts';
import { Stage } from './awselb/stage.ts';
import { twists } from './awselb/twists.ts';
import { type BenchOptions, type Figure, type FigureSpec, median } from './figure.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'aws.2k_start_calls', unit: 'calls', limit: 4_300, direction: 'lower' },
  { name: 'aws.2k_start_s', unit: 'simulated s', direction: 'lower' },
  { name: 'aws.2k_start_ms', unit: 'ms', direction: 'lower' },
  { name: 'aws.2k_change_calls', unit: 'calls', limit: 5, direction: 'lower' },
  { name: 'aws.2k_change_ms', unit: 'ms', direction: 'lower' },
  { name: 'aws.2k_rss_mib', unit: 'MiB', direction: 'lower' },
];

/** chatty: every call is made twice. */
export const breaks = ['chatty'];

export const load =
  '2,000 NLB Services of one port and two ip targets in one account (quotas raised), made by weir itself, then a restart with nothing changed, then one endpoint of one Service exchanged, 5 times; API rates as configured by default on a virtual clock (simulated s), processor time of weir and the account together (ms); memory of the process that holds both';

const services = 2_000;
const changes = 5;
const hourMs = 3_600_000;

const address = (service: number, target: number): string => {
  const number = 2 * service + target;
  return `10.0.${[132, 148, 164][number % 3] ?? 132}.0`.replace(/\.(\d+)\.0$/, (_, octet: string) => {
    const place = Math.floor(number / 3);
    return `.${Number(octet) + Math.floor(place / 250)}.${(place % 250) + 1}`;
  });
};

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const twist = Object.entries(twists).find(([name]) => name === breakName)?.[1];
  const raised = {
    'network-load-balancers': 5_000,
    'target-groups': 10_000,
    'network-load-balancer-enis-per-vpc': 20_000,
  };
  const stage = await Stage.open({
    fake: { timings: { loadBalancer: { ms: 60_000 }, target: { ms: 20_000 } }, quotas: raised },
    options: { limits: { writesPerSecond: 100, targetsPerSecond: 100, callsPerSecond: 100 } },
    ...(twist === undefined ? {} : { twist }),
  });
  const { aws, cluster, clock } = stage;
  const put = (service: number, first: number): void => {
    const endpoints = [address(service, first), address(service, 1)].map((one) => ({ address: one }));
    cluster.put(`s${service}`, networkService({ namespace: 'shop', name: `s${service}`, ports: [80], endpoints }));
  };
  try {
    for (let i = 0; i < services; i++) put(i, 0);
    cluster.tell('two thousand services');
    await stage.start();
    if ((await stage.settle(6 * hourMs, 30_000)) === undefined)
      throw new Error(`does not come to rest: ${stage.troubles().slice(0, 5).join('; ')}`);
    tell(`made in ${aws.journal.total} calls: ${callsByName(aws.journal.entries)}`);
    await stage.stop();

    stage.options = {};
    aws.journal.clear();
    const [fromMs, fromCpu] = [clock.now(), cpuMs()];
    await stage.start();
    if ((await stage.settle(6 * hourMs, 5_000)) === undefined)
      throw new Error(`the restart does not come to rest: ${stage.troubles().slice(0, 5).join('; ')}`);
    const startMs = cpuMs() - fromCpu;
    const startS = (clock.now() - fromMs) / 1000;
    const startCalls = aws.journal.total;
    if (aws.journal.writes.length > 0) throw new Error(`a restart wrote: ${callsByName(aws.journal.writes)}`);
    tell(`cold start in ${startCalls} calls: ${callsByName(aws.journal.entries)}`);

    const changeCalls: number[] = [];
    const changeMs: number[] = [];
    for (let i = 0; i < changes; i++) {
      await stage.pass(1_000);
      aws.journal.clear();
      const before = cpuMs();
      put(97 * i, 3);
      cluster.tell('an endpoint');
      await stage.until(() => aws.journal.of('DeregisterTargets').length > 0, hourMs, 50);
      changeMs.push(cpuMs() - before);
      const own = aws.journal.entries.filter(({ action }) => /Targets$|TargetHealth$|NetworkInterfaces$/.test(action));
      changeCalls.push(own.length);
    }
    const rss = process.memoryUsage().rss / 1_048_576;
    if (raw !== undefined) writeFileSync(`${raw}/awselb-scale.json`, JSON.stringify({ changeCalls, changeMs }));
    const figure = (name: string, value: number, unit: string, n: number): Figure => ({
      figure: name,
      value: Math.round(value * 10) / 10,
      unit,
      n,
    });
    return [
      figure('aws.2k_start_calls', startCalls, 'calls', services),
      figure('aws.2k_start_s', startS, 'simulated s', services),
      figure('aws.2k_start_ms', startMs, 'ms', services),
      figure('aws.2k_change_calls', median(changeCalls), 'calls', changes),
      figure('aws.2k_change_ms', median(changeMs), 'ms', changes),
      figure('aws.2k_rss_mib', rss, 'MiB', services),
    ];
  } finally {
    await stage.close();
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
