import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDisk } from '../../../../providers/l2/disk.ts';
import { type Orders, ordersOf } from '../../../../providers/l2/orders.ts';
import type { Disk } from '../../../../providers/l2/protocol/events.ts';
import type { Group, NodeId } from '../../../../providers/l2/protocol/messages.ts';
import { deadAfterMs } from '../../../../providers/l2/voters.ts';
import { Voting } from '../../../../providers/l2/voting.ts';
import type { Announcer, Observed, SharedRecords } from '../../../../src/model/index.ts';
import { VirtualClock } from '../../../run/virtual-clock.ts';
import { input, modelled, parse } from '../make-input.ts';
import { Random } from './random.ts';
import { product } from './subject.ts';
import { World } from './world.ts';

/** How a machine reads the list of those who announce; what it was told before is not always given on. */
export interface Reading {
  readonly announcers: readonly Announcer[] | undefined;
  readonly present: readonly Observed[];
}

const stepMs = 50;
const silentMs = 2500;
const log = { debug() {}, info() {}, warn() {}, error() {} };
const options = parse({ secretFile: '/etc/weir/secret' });

interface Node {
  readonly folder: string;
  list: readonly Announcer[];
  orders: Orders | undefined;
  voting: Voting | undefined;
  present: readonly Observed[];
  readonly heardMs: Map<NodeId, number>;
}

/** Machines of a cluster, each with what it sees of the list of all, around the real voting, its record in an API and the real protocol. */
export class Lists {
  readonly world: World;
  readonly record: { group: Group | undefined; revision: number } = { group: undefined, revision: 0 };
  /** Version → the records that were made under it. */
  readonly records = new Map<number, Set<string>>();
  readonly vips = ['192.0.2.1', '192.0.2.2'];
  /** How a machine takes a list; a mutant takes it differently. */
  read: (reading: Reading) => Reading = (reading) => reading;
  /** The longest time for which nobody answered for an address, ms, since `watched`. */
  darkMs = 0;
  readonly #clock = new VirtualClock();
  readonly #folder = mkdtempSync(join(tmpdir(), 'weir-lists-'));
  readonly #nodes: readonly Node[];
  readonly #openMs = new Map<string, number>();
  readonly #silent = new Map<number, string>();
  #reported = 0;

  constructor(nodes: number, seed: number) {
    this.world = new World(nodes, 1, new Random(seed), product, 'api');
    this.world.knows = (from, to) => this.#nodes[from]?.orders?.peers.some(({ name }) => name === to) === true;
    this.#nodes = this.world.names.map((name) => {
      const folder = join(this.#folder, name);
      mkdirSync(folder);
      return { folder, list: [], orders: undefined, voting: undefined, present: [], heardMs: new Map() };
    });
  }

  get all(): readonly Announcer[] {
    return this.world.names.map((node, at) => ({ node, address: `10.1.0.${1 + at}` }));
  }

  /** A machine sees another list from now on. */
  async see(number: number, list: readonly Announcer[]): Promise<void> {
    const node = this.#nodes[number];
    if (node === undefined) return;
    node.list = list;
    await this.#take(number, node);
  }

  async start(number: number): Promise<void> {
    const [node, machine] = [this.#nodes[number], this.world.machines[number]];
    if (node === undefined || machine === undefined || machine.running || node.orders === undefined) return;
    const file = join(node.folder, 'l2-node.json');
    writeFileSync(file, JSON.stringify(machine.disk ?? {}));
    const context = { records: this.#shared, node: machine.name, clock: this.#clock, log, stateDir: node.folder };
    node.voting = new Voting(context, node.orders);
    const group = await node.voting.first(new AbortController().signal);
    // What was taken off the disk is forgotten.
    if (readDisk(file)?.group === undefined && machine.disk?.group !== undefined)
      machine.disk = this.#bare(machine.disk);
    machine.start(group, new Map(this.vips.map((vip) => [vip, this.world.names])));
    node.voting.start((order) => {
      if (order.kind === 'regroup') machine.give(order);
    });
  }

  async kill(number: number): Promise<void> {
    this.world.machines[number]?.kill();
    const closing = this.#nodes[number]?.voting?.close();
    await this.#clock.pass(1);
    await closing;
  }

  /** From now on it is counted how long nobody answers. */
  watch(): void {
    this.darkMs = 0;
    for (const vip of this.vips) this.#openMs.set(vip, this.world.agenda.now);
  }

  async run(ms: number): Promise<void> {
    const { world } = this;
    for (const end = world.agenda.now + ms; world.agenda.now < end && world.violation === undefined; ) {
      world.run(world.agenda.now + stepMs);
      this.#hear();
      await this.#clock.pass(stepMs);
      for (const vip of this.vips) {
        if (world.openAt(vip).length > 0) this.#openMs.set(vip, world.agenda.now);
        this.darkMs = Math.max(this.darkMs, world.agenda.now - (this.#openMs.get(vip) ?? world.agenda.now));
      }
    }
  }

  async end(): Promise<void> {
    for (const number of this.#nodes.keys()) await this.kill(number);
    rmSync(this.#folder, { recursive: true });
  }

  /** As the session does: what the thread cannot change is begun anew. */
  async #take(number: number, node: Node): Promise<void> {
    const machine = this.world.machines[number];
    const { announcers, present } = this.read({ announcers: node.list, present: node.present });
    const told = { node: machine?.name ?? '', present, ...(announcers === undefined ? {} : { announcers }) };
    const { resources } = modelled(input(told), options);
    const before = node.orders;
    node.orders = ordersOf(resources);
    node.present = resources.map((one) => ({ ...one, handle: one.id, owned: true, facts: this.#factsOf(node) }));
    if (node.orders === undefined || machine?.running !== true) return;
    if (before?.fixed.mode === node.orders.fixed.mode) node.voting?.use(node.orders);
    else {
      await this.kill(number);
      await this.start(number);
    }
  }

  #factsOf({ heardMs }: Node): Observed['facts'] {
    const now = this.world.agenda.now;
    return { gone: [...heardMs].flatMap(([name, atMs]) => (now - atMs >= deadAfterMs ? [name] : [])) };
  }

  /** What the machines tell, and whom each hears. */
  #hear(): void {
    const { world } = this;
    for (const report of world.reports.slice(this.#reported)) {
      this.#nodes[report.from]?.voting?.hear({ kind: 'report', report, atMs: report.at });
      if (report.kind !== 'group') continue;
      const { version, voters, previous } = report.group;
      const made = this.records.get(version) ?? new Set();
      this.records.set(version, made.add(`${voters.toSorted()} after ${previous.toSorted()}`));
    }
    this.#reported = world.reports.length;
    for (const [number, node] of this.#nodes.entries()) {
      const now = world.agenda.now;
      for (const [from, { name, running }] of world.machines.entries())
        if (running && world.knows(from, world.names[number] ?? '')) node.heardMs.set(name, now);
      const silent = (node.orders?.peers ?? []).flatMap(({ name }): [NodeId, number][] => {
        const atMs = node.heardMs.get(name);
        if (atMs !== undefined && now - atMs < silentMs) return [];
        return [[name, atMs === undefined ? 0 : this.#clock.wall() - (now - atMs)]];
      });
      const text = JSON.stringify(silent.map(([name]) => name));
      if (text !== this.#silent.get(number)) node.voting?.hear({ kind: 'silent', nodes: silent });
      this.#silent.set(number, text);
    }
  }

  #bare({ inc, fence = 0 }: Disk): Disk {
    return { inc, group: undefined, fence };
  }

  readonly #shared: SharedRecords = {
    read: async () => {
      const { group, revision } = this.record;
      return group === undefined ? undefined : { text: JSON.stringify(group), version: String(revision) };
    },
    write: async (_name, text, version) => {
      const { group, revision } = this.record;
      if (version !== (group === undefined ? undefined : String(revision))) return false;
      this.record.group = JSON.parse(text);
      this.record.revision += 1;
      return true;
    },
  };
}
