/** Machines that give addresses together, without a network: what each hears of another one is a step of a test. */
import { Addresses } from '../../src/app/addresses.ts';
import { Consent } from '../../src/app/consent.ts';
import { createGather } from '../../src/app/gather.ts';
import { configSchema } from '../../src/config/index.ts';
import type { AddressRequest, Agreement, ExportedService, Pool, ServiceId, Voice } from '../../src/model/index.ts';
import { tcpService } from '../conformance/services.ts';

type Held = ReadonlyMap<ServiceId, readonly string[]>;
type Origins = ReadonlyMap<ServiceId, { readonly atMs: number; readonly by: string }>;

export interface Machine {
  readonly services: Map<string, ExportedService>;
  /** What was given, as far as everybody agrees. */
  given: Held;
  problems: readonly string[];
  held: Held;
  origins: Origins;
  /** What services have, over changes of the configuration. */
  readonly standing: Map<ServiceId, readonly string[]>;
  addresses: Addresses;
  says: { readonly words: string; readonly takenIn: ReadonlyMap<string, string> };
  readonly voices: Map<string, Voice>;
  /** Of whom it has heard since it began, or since it saw them again. */
  readonly fresh: Set<string>;
  enough: boolean;
}

export interface Options {
  readonly pools?: readonly Pool[];
  readonly onPoolChange?: 'keep' | 'reassign';
}

export function machinesThatAgree(
  names: readonly string[],
  { pools = [{ name: 'p', ranges: ['192.0.2.0/28'] }], onPoolChange = 'keep' }: Options = {},
) {
  let nowMs = 0;
  const machines = new Map<string, Machine>();
  /** Who hears whom: of the same side. */
  const side = new Map(names.map((name) => [name, 0]));
  const poolsOf = new Map(names.map((name) => [name, pools]));
  const of = (name: string): Machine => {
    const found = machines.get(name);
    if (found === undefined) throw new Error(name);
    return found;
  };
  const near = (name: string) => names.filter((one) => one !== name && side.get(one) === side.get(name));
  const decides = (others: number) => 2 * (others + 1) > names.length;

  function agreementOf(name: string): Agreement {
    return {
      hear() {
        const machine = of(name);
        const [there, voices] = [near(name), new Map<string, Voice>()];
        for (const [node, voice] of machine.voices)
          voices.set(node, { ...voice, present: there.includes(node) && machine.fresh.has(node) });
        if (!decides(there.length)) {
          machine.enough = false;
          return { state: 'few', reason: 'too few', voices };
        }
        machine.enough ||= there.every((node) => machine.fresh.has(node));
        return { state: machine.enough ? 'enough' : 'listening', voices };
      },
      decide: (others) => decides(others.size),
      say(words, takenIn) {
        of(name).says = { words, takenIn: new Map([...takenIn].map(([node, voice]) => [node, voice.words])) };
        return words;
      },
    };
  }

  const configOf = (name: string) =>
    configSchema.parse({
      sources: [{ type: 'file', paths: ['a'] }],
      balancers: [{ name: 'edge', provider: 'haproxy', fromPools: true }],
      pools: poolsOf.get(name),
      onPoolChange,
    });

  function addressesOf(name: string, record: Pick<Machine, 'held' | 'origins' | 'standing'>): Addresses {
    const consent = new Consent({
      node: name,
      clock: { now: () => nowMs, wall: () => nowMs },
      agreement: () => agreementOf(name),
      record,
      standing: record.standing,
      reassign: onPoolChange === 'reassign',
      again: () => {},
    });
    return new Addresses({
      config: configOf(name),
      consent: () => consent,
      record: {
        held: record.held,
        async put(held, origins = new Map()) {
          [of(name).held, of(name).origins] = [held, origins];
        },
      },
      follows: () => false,
      failed(error) {
        throw error;
      },
    });
  }

  function gather(name: string): void {
    const machine = of(name);
    const snapshot = { services: [...machine.services.values()], nodes: [], problems: [], incomplete: [] };
    const gathered = createGather(configOf(name).balancers)([snapshot]);
    const found = machine.addresses.of(gathered, [snapshot], true);
    machine.given = found.addresses ?? new Map();
    machine.problems = found.problems.map(({ code, service }) => `${code} ${service}`);
  }

  function start(name: string, keeps: boolean, standing: Machine['standing'] = new Map()): void {
    const before = machines.get(name);
    const record = keeps && before !== undefined ? before : { held: new Map(), origins: new Map() };
    machines.set(name, {
      services: before?.services ?? new Map(),
      given: new Map(),
      problems: [],
      held: record.held,
      origins: record.origins,
      standing,
      addresses: addressesOf(name, { held: record.held, origins: record.origins, standing }),
      says: { words: '', takenIn: new Map() },
      voices: new Map(),
      fresh: new Set(),
      enough: false,
    });
  }
  for (const name of names) start(name, false);

  /** What one says reaches another one; false: it has nothing to say, or is not heard. */
  function deliver(from: string, to: string): boolean {
    const { words, takenIn } = of(from).says;
    if (words === '' || !near(to).includes(from)) return false;
    const knows = takenIn.get(to);
    of(to).voices.set(from, { words, present: true, ...(knows === undefined ? {} : { knows }) });
    of(to).fresh.add(from);
    return true;
  }

  return {
    of,
    gather,
    deliver,
    restart: (name: string, keeps: boolean) => start(name, keeps),
    repool(name: string, now: readonly Pool[]) {
      poolsOf.set(name, now);
      // As a changed configuration is taken over: by the record, with nobody heard yet.
      start(name, true, of(name).standing);
    },
    pass(ms: number) {
      nowMs += ms;
    },
    put(name: string, id: string, address: Partial<AddressRequest> = { pool: 'p' }) {
      const made = tcpService(`shop/${id}`, 80, []);
      const origin = { ...made.origin, source: 'files', namespace: 'shop', name: id, file: 'a.yaml' };
      of(name).services.set(id, { ...made, origin, address: { families: ['ipv4'], held: [], ...address } });
    },
    take: (name: string, id: string) => of(name).services.delete(id),
    /** This one hears nobody, and nobody hears it. */
    cut(name: string) {
      side.set(name, 1);
      for (const other of names) {
        of(other).fresh.delete(name);
        of(name).fresh.delete(other);
      }
    },
    /** What those said that are not heard is too old by now. */
    forget() {
      for (const name of names)
        for (const other of names) if (other !== name && !near(name).includes(other)) of(name).voices.delete(other);
    },
    heal() {
      for (const name of names) side.set(name, 0);
    },
    /** Until nobody has anything new to say; answers how many rounds that took. */
    settle(mostRounds = 30): number {
      for (let round = 1; round <= mostRounds; round += 1) {
        nowMs += 1;
        const before = names.map((name) =>
          JSON.stringify([of(name).says.words, [...of(name).says.takenIn], [...of(name).given]]),
        );
        for (const name of names) {
          for (const other of names) deliver(other, name);
          gather(name);
        }
        const after = names.map((name) =>
          JSON.stringify([of(name).says.words, [...of(name).says.takenIn], [...of(name).given]]),
        );
        if (after.join() === before.join()) return round;
      }
      throw new Error(`not settled: ${names.map((name) => `\n${name} ${of(name).says.words}`).join('')}`);
    },
  };
}
