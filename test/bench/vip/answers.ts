import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lan, makeLan } from '../../e2e/l2-lan.ts';
import { makeNodes, opened } from '../../e2e/l2-nodes.ts';
import { type Figure, median } from '../figure.ts';
import type { Block } from './prober.ts';

const blocks = 20;
const pairs = 500;
/** A gate stays open without its process for two beats at least. */
const stoppedMs = 100;

/** How long the kernel takes to answer for a guarded address, against one of its own, while weir beats and while it is stopped. */
export async function measureAnswers(slow: boolean): Promise<readonly Figure[]> {
  const lan = makeLan(['a']);
  const families = [
    { figure: 'vip.arp_p99_ratio', vip: '10.77.0.100', own: '10.77.0.20', ordinary: '10.77.0.11' },
    { figure: 'vip.ndp_p99_ratio', vip: 'fd09::100', own: 'fd09::20', ordinary: 'fd09::11' },
  ];
  const nodes = makeNodes(
    lan,
    ['a'],
    families.map(({ vip }) => [vip, ['a']]),
  );
  try {
    const member = await nodes.start('a');
    for (const { vip } of families) await member.until(opened(vip));
    if (slow) addRules(lan);
    const figures: Figure[] = [];
    for (const { figure, vip, own, ordinary } of families) {
      const prober = startProber(lan, ['eth0', own, vip, ordinary]);
      await prober.block(200);
      const beating: Block[] = [];
      const stopped: Block[] = [];
      for (let round = 0; round < blocks; round += 1) {
        beating.push(await prober.block(pairs));
        member.kill('SIGSTOP');
        stopped.push(await prober.block(pairs, stoppedMs));
        member.kill('SIGCONT');
        await sleep(250);
      }
      prober.end();
      const ratio = (list: readonly Block[]) => median(list.map(({ p99, ordinaryP99 }) => p99 / ordinaryP99));
      const told = `${vip}: p50 ${median(beating.map(({ p50 }) => p50)).toFixed(1)} us, ratio ${ratio(beating).toFixed(2)} beating, ${ratio(stopped).toFixed(2)} stopped`;
      const lost = [...beating, ...stopped].reduce((sum, block) => sum + block.lost, 0);
      process.stderr.write(`${told}, ${lost} lost\n`);
      const value = lost > 0 ? Number.NaN : Math.max(ratio(beating), ratio(stopped));
      figures.push({ figure, value, unit: 'ratio', n: 2 * blocks });
    }
    return figures;
  } finally {
    nodes.end();
    lan.end();
  }
}

/** A fault: a long chain that only requests for the addresses go through. */
function addRules(lan: Lan): void {
  for (const [table, match] of [
    ['arp', 'arp daddr ip 10.77.0.100'],
    ['ip6', 'icmpv6 type nd-neighbor-solicit @th,64,128 0xfd090000000000000000000000000100'],
  ]) {
    lan.run('a', `nft add table ${table} slow`);
    lan.run('a', `nft add chain ${table} slow long`);
    lan.run('a', `nft add chain ${table} slow in { type filter hook input priority -10 ; }`);
    const rules = Array.from({ length: 1000 }, () => `add rule ${table} slow long meta mark 77 drop`);
    for (let at = 0; at < rules.length; at += 100) lan.run('a', `nft ${rules.slice(at, at + 100).join(' ; ')}`);
    lan.run('a', `nft add rule ${table} slow in ${match} jump long`);
  }
}

function startProber(lan: Lan, words: readonly string[]) {
  const program = new URL('./prober.ts', import.meta.url).pathname;
  const [command = '', ...before] = lan.inside('client');
  const child = spawn(command, [...before, process.execPath, '--no-warnings', program, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  return {
    async block(count: number, mostMs = 60_000): Promise<Block> {
      child.stdin.write(`${count} ${mostMs}\n`);
      const [line] = await once(lines, 'line');
      return JSON.parse(line);
    },
    end: () => child.kill('SIGKILL'),
  };
}
