import { z } from 'zod';
import type { Context, Log, SharedRecords } from '../../src/model/index.ts';
import { type Group, type NodeId, sameRecord } from './protocol/messages.ts';
import { firstGroup, nextGroup } from './voters.ts';

export interface VoterKeeperOptions {
  readonly records: SharedRecords;
  readonly node: NodeId;
  readonly clock: Pick<Context['clock'], 'now' | 'sleep'>;
  readonly log: Log;
  /** A newer record is there: every node is told, and takes it over when it is on its disk. */
  readonly regroup: (group: Group) => void;
  /** How often the record is looked at, ms. Default 10 s. */
  readonly everyMs?: number;
}

/** Name of the record. */
export const votersRecord = 'voters';

const againMs = 2000;
const gatherMs = 300;
/** Who comes later in the order of voters lets the earlier ones write first for so long, ms. */
const turnMs = 10_000;

const names = z.array(z.string()).readonly();
const stored = z.object({ version: z.int().min(1), voters: names, previous: names });

interface Known {
  readonly group: Group;
  readonly revision: string;
}

/**
 * Keeps the record of who votes in one object of the API, created once and replaced by compare-and-swap: each differs by one voter from the
 * one before, and is written only when that is settled. While the API cannot be reached nobody joins or leaves the voters, and nothing else
 * happens.
 */
export class VoterKeeper {
  readonly #options: VoterKeeperOptions;
  readonly #end = new AbortController();
  readonly #gone = new Map<NodeId, number>();
  #speakers: readonly NodeId[] = [];
  #silent: ReadonlyMap<NodeId, number> = new Map();
  #known: Known | undefined;
  #settled: { readonly group: Group; readonly atMs: number } | undefined;
  #running: Promise<void> | undefined;
  #error: string | undefined;
  #nap = new AbortController();

  constructor(options: VoterKeeperOptions) {
    this.#options = options;
  }

  /** Why the record can be neither read nor written. */
  get error(): string | undefined {
    return this.#error;
  }

  get group(): Group | undefined {
    return this.#known?.group;
  }

  /** Nodes on which a weir announces now, this one among them. */
  speakers(list: readonly NodeId[]): void {
    this.#speakers = list;
    this.#countGone();
    this.#wake();
  }

  /** Nodes that are not heard, and since when on the clock of the options. */
  silent(since: ReadonlyMap<NodeId, number>): void {
    this.#silent = since;
    this.#wake();
  }

  /** Majorities have this record on disk, and every promise of before has ended. */
  settled(group: Group): void {
    if (sameRecord(this.#settled?.group, group)) return;
    this.#settled = { group, atMs: this.#options.clock.now() };
    this.#wake();
  }

  /**
   * The record to begin with: what the API has, else `onDisk`, else a new one of this node alone. Waits until the API answers unless there
   * is one on disk. Rejects when the signal aborts.
   */
  async first(signal: AbortSignal, onDisk?: Group): Promise<Group> {
    for (;;) {
      signal.throwIfAborted();
      const group = await this.#attempt(() => this.#begin(signal, onDisk), signal);
      if (group !== undefined) return group;
      if (onDisk !== undefined) return onDisk;
      await this.#options.clock.sleep(againMs, signal);
    }
  }

  /** Looks after the record from now on. */
  start(): void {
    this.#running ??= this.#run(this.#end.signal);
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #begin(signal: AbortSignal, onDisk: Group | undefined): Promise<Group | undefined> {
    const found = await this.#read(signal);
    if (found !== undefined) return found.group;
    // What this node has promised still holds where somebody has deleted the record. Else alone: a voter that was never heard would keep
    // the others waiting, and those that are heard join at once.
    const group = onDisk ?? firstGroup([this.#options.node]);
    const text = JSON.stringify(group);
    const written = await this.#options.records.write(votersRecord, text, undefined, signal);
    return written ? group : (await this.#read(signal))?.group;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs = 10_000 } = this.#options;
    while (!signal.aborted) {
      const nap = this.#nap;
      await this.#attempt(() => this.#turn(signal), signal);
      // Events that belong together are one reason to look.
      await clock.sleep(gatherMs, signal);
      await clock.sleep(everyMs, AbortSignal.any([signal, nap.signal]));
    }
  }

  #wake(): void {
    this.#nap.abort();
    this.#nap = new AbortController();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { records, node, clock, log, regroup } = this.#options;
    const before = this.#known?.group.version ?? 0;
    const found = await this.#read(signal);
    const settled = this.#settled;
    if (settled !== undefined && settled.group.version > (found?.group.version ?? 0))
      return this.#restore(settled.group, found, signal);
    if (found === undefined) return;
    const { group, revision } = found;
    if (group.version > before) regroup(group);
    const nowMs = clock.now();
    if (!sameRecord(settled?.group, group) || settled === undefined || !group.voters.includes(node)) return;
    const since = (times: ReadonlyMap<NodeId, number>) =>
      new Map([...times].map(([name, atMs]) => [name, nowMs - atMs] as const));
    this.#countGone();
    const electorate = { speakers: this.#speakers, silentMs: since(this.#silent), goneMs: since(this.#gone) };
    const next = nextGroup(group, electorate);
    if (next === undefined) return;
    const heard = group.voters.filter((voter) => !this.#silent.has(voter)).sort();
    if (nowMs < settled.atMs + heard.indexOf(node) * turnMs) return;
    if (!(await records.write(votersRecord, JSON.stringify(next), revision, signal))) return;
    log.info({ version: next.version, voters: next.voters }, `who votes on addresses: ${next.voters.join(', ')}`);
    await this.#read(signal);
    regroup(next);
  }

  /** Somebody has deleted the record, or brought an older one back: what majorities have on disk counts. */
  async #restore(group: Group, found: Known | undefined, signal: AbortSignal): Promise<void> {
    const { records, node, log } = this.#options;
    if (!group.voters.includes(node)) return;
    if (!(await records.write(votersRecord, JSON.stringify(group), found?.revision, signal))) return;
    log.warn(
      { version: group.version, was: found?.group.version },
      'who votes on addresses: the record was lost, and is written again',
    );
  }

  async #read(signal: AbortSignal): Promise<Known | undefined> {
    const record = await this.#options.records.read(votersRecord, signal);
    if (record === undefined) return undefined;
    const group = stored.parse(JSON.parse(record.text));
    this.#known = { group, revision: record.version };
    return this.#known;
  }

  #countGone(): void {
    const voters = this.#known?.group.voters ?? [];
    for (const name of this.#gone.keys())
      if (this.#speakers.includes(name) || !voters.includes(name)) this.#gone.delete(name);
    for (const name of voters)
      if (!this.#speakers.includes(name) && !this.#gone.has(name)) this.#gone.set(name, this.#options.clock.now());
  }

  /** Undefined where it did not work: why is told once. */
  async #attempt<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    try {
      const result = await work();
      this.#error = undefined;
      return result;
    } catch (error) {
      if (signal.aborted) return undefined;
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== this.#error) this.#options.log.warn({ record: votersRecord }, `who votes on addresses: ${reason}`);
      this.#error = reason;
      return undefined;
    }
  }
}
