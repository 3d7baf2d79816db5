import { parentPort, workerData } from 'node:worker_threads';
import { createText } from './kernel/gate-text.ts';
import { takeLock } from './kernel/lock.ts';
import { openGates } from './kernel/open-gates.ts';
import { openPacketSocket, type PacketSocket } from './kernel/packet-socket.ts';
import { raisePriority } from './kernel/raise-priority.ts';
import { runProgram } from './kernel/run-program.ts';
import type { News, Order, SpeakerOptions } from './options.ts';
import { Protocol } from './protocol/protocol.ts';
import { deriveTiming } from './protocol/timing.ts';
import { SpeakerNode } from './speaker-node.ts';

/** The thread of a node that announces: nothing of weir's other work stands in the way of its beats. Gets `SpeakerOptions`, then orders; tells news. */
async function main(options: SpeakerOptions, tell: (news: News) => void): Promise<void> {
  if (options.witness !== true) await raisePriority();
  const lock = await takeLock();
  if (lock === undefined) throw new Error('another weir announces addresses on this machine: stop it first');
  // Who only votes announces nothing: it needs nothing of the kernel.
  const gateless = options.ungated === true || options.witness === true;
  const fault = gateless ? undefined : await gatesMissing();
  if (fault !== undefined) throw new Error(fault);
  const timing = deriveTiming(options.beatMs);
  const gateFault = (error: string) => tell({ kind: 'trouble', what: 'the gates', error });
  const gates = gateless ? undefined : await openGates(Math.max(1000, 3 * timing.gateMs), gateFault);
  const node = new SpeakerNode(options, {
    core: new Protocol(options.node, timing, options.mode),
    timing,
    packets: options.witness === true ? noPackets : await openPacketSocket(),
    gates,
    tell,
  });
  parentPort?.on('message', (order: Order) => node.order(order));
  await node.start();
}

const noPackets: PacketSocket = { send: () => false, close: () => {} };

/** What keeps gates from being made here; undefined when they can be. Nothing is changed. */
async function gatesMissing(): Promise<string | undefined> {
  const shape = { inc: 0, pools: [], interfaces: [], bound: [], token: undefined, owned: [] };
  const { ok, stderr } = await runProgram('nft', ['-c', '-f', '-'], createText(shape));
  if (ok) return undefined;
  const reason = stderr.split('\n')[0]?.replace(/^.*?Error: */, '') ?? '';
  return `nft cannot guard ARP and neighbour discovery here (${reason}): install nftables, give weir CAP_NET_ADMIN and the kernel NF_TABLES_ARP, or set ungated: true, which lets two nodes answer after a death`;
}

let waiting: News[] = [];
/** A takeover tells thousands of things at once; they go behind what has to be done, together. */
const flush = () => {
  parentPort?.postMessage(waiting);
  waiting = [];
};
const tell = (news: News) => {
  if (waiting.push(news) === 1) setImmediate(flush);
};

main(workerData, tell).catch((error: unknown) => {
  tell({ kind: 'refused', reason: error instanceof Error ? error.message : String(error) });
  flush();
  process.exit(1);
});
