import { setTimeout as sleep } from 'node:timers/promises';
import type { SpeakerOptions } from '../../../providers/l2/options.ts';
import { doubleAnswers } from '../../e2e/l2-doubles.ts';
import { type Lan, makeLan, monotonicMs } from '../../e2e/l2-lan.ts';
import { type Member, makeNodes, type Nodes, opened } from '../../e2e/l2-nodes.ts';
import type { Seen } from '../../e2e/l2-observer.ts';

export type Blow = 'kill' | 'stop' | 'cut';

export interface Moves {
  /** From the blow to the first answer of another node, ms. NaN: nobody in time. */
  readonly ms: readonly number[];
  /** Overlapping turns of two nodes. */
  readonly doubles: number;
}

export const names = ['a', 'b', 'c'];
export const vip = '10.77.0.100';

/** Three nodes; the owner is struck as often as `rounds` says with each blow, and is well again before the next. */
export async function measureMoves(
  blows: readonly Blow[],
  rounds: number,
  lossPercent: number,
  options: Partial<SpeakerOptions> = {},
): Promise<ReadonlyMap<Blow, Moves>> {
  const lan = makeLan(names);
  const nodes = makeNodes(lan, names, [[vip, names]]);
  try {
    if (lossPercent > 0) for (const name of names) lose(lan, name, lossPercent);
    const members = new Map<string, Member>();
    for (const one of await Promise.all(names.map((name) => nodes.start(name, options)))) members.set(one.name, one);
    await Promise.race([...members.values()].map((one) => one.until(opened(vip))));
    const moves = new Map<Blow, Moves>();
    for (const blow of blows) {
      const ms: number[] = [];
      let doubles = 0;
      for (let round = 0; round < rounds; round += 1) {
        await sleep(700 + Math.random() * 100);
        const result = await strike(lan, nodes, members, blow, options);
        ms.push(result.ms);
        doubles += result.doubles.length;
        for (const line of result.doubles) process.stderr.write(`${blow}: ${line}\n`);
      }
      const told = ms.map((one) => one.toFixed(0)).join(' ');
      process.stderr.write(
        `${blow}${lossPercent > 0 ? ` at ${lossPercent} % loss` : ''}: ${told} ms; ${doubles} double answers\n`,
      );
      moves.set(blow, { ms, doubles });
    }
    return moves;
  } finally {
    nodes.end();
    lan.end();
  }
}

async function strike(
  lan: Lan,
  nodes: Nodes,
  members: Map<string, Member>,
  blow: Blow,
  options: Partial<SpeakerOptions>,
): Promise<{ readonly ms: number; readonly doubles: readonly string[] }> {
  const owner = ownerAmong(members);
  if (owner === undefined) return { ms: Number.NaN, doubles: [] };
  const ownerMac = lan.mac(owner.name);
  const observation = await lan.observe([vip]);
  await sleep(50 + Math.random() * 100);
  const at = monotonicMs();
  if (blow === 'kill') owner.kill('SIGKILL');
  if (blow === 'stop') owner.kill('SIGSTOP');
  if (blow === 'cut') lan.plug(owner.name, false);
  await sleep(1000);
  if (blow === 'stop') owner.kill('SIGCONT');
  if (blow === 'cut') lan.plug(owner.name, true);
  await sleep(400);
  const seen = await observation.end();
  if (blow === 'kill') {
    await owner.ended;
    members.set(owner.name, await nodes.start(owner.name, options));
  }
  const first = repliesIn(seen).find(({ mac, at: then }) => mac !== ownerMac && then > at)?.at ?? Number.NaN;
  return { ms: first - at, doubles: doubleAnswers(seen) };
}

/** The node whose gate has opened last. */
export function ownerAmong(members: ReadonlyMap<string, Member>): Member | undefined {
  const openings = [...members.values()].map((member) => {
    const last = member.news.findLast(opened(vip));
    return { member, at: last?.kind === 'report' ? last.atMs : 0 };
  });
  return openings.sort((one, two) => two.at - one.at)[0]?.member;
}

function repliesIn(seen: Seen): Seen['said'] {
  return seen.said.filter(({ kind }) => kind === 'reply');
}

/** Drops this share of the beats and their answers that come in. */
function lose(lan: Lan, name: string, percent: number): void {
  lan.run(name, 'nft add table inet loss');
  lan.run(name, 'nft add chain inet loss in { type filter hook input priority 0 ; }');
  lan.run(name, `nft add rule inet loss in udp dport 7946 numgen random mod 100 < ${percent} drop`);
}
