import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { getSystemErrorMap } from 'node:util';
import { z } from 'zod';
import { parseAddress } from '../../../src/net/index.ts';
import {
  type Announcing,
  additionOf,
  type Hold,
  keyOf,
  ourProtocol,
  type Parked,
  type Present,
  planAcceptance,
  removalOf,
} from './acceptance.ts';
import { additionRequest } from './face-addresses.ts';
import { findParked } from './find-parked.ts';
import { type Link, readLinks } from './interfaces.ts';
import type { Journal } from './journal.ts';
import { errorOf, messageType } from './netlink.ts';
import { openNetlinkSocket } from './netlink-socket.ts';
import { runProgram } from './run-program.ts';

/** So many addresses are put on interfaces at once. */
const portion = 50;
const routesSchema = z.array(z.object({ dst: z.string().optional() }));

/** Makes the kernel take addresses as its own, and takes back exactly what it made, also after a kill. */
export class Acceptor {
  readonly #journal: Journal;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Addresses on interfaces that are ours, as `address interface`. */
  get ours(): ReadonlySet<string> {
    return this.#journal.addresses;
  }

  /** Finds what is ours and not noted, before anything is made or taken away. */
  async recall(): Promise<void> {
    await this.#journal.write(await findParked(this.#journal, await readInterfaces()));
  }

  /** Brings the kernel to these addresses, each on its interfaces; resolves to address → why it is not taken. Calls follow one another. */
  accept(vips: readonly string[], faces: (vip: string) => readonly Link[]): Promise<ReadonlyMap<string, string>> {
    const done = this.#turn.then(() => this.#accept(vips, faces));
    this.#turn = done.catch(() => {});
    return done;
  }

  async #accept(
    vips: readonly string[],
    faces: (vip: string) => readonly Link[],
  ): Promise<ReadonlyMap<string, string>> {
    const seen = new Map<string, Announcing>();
    const read = (link: Link) => {
      const found = seen.get(link.name) ?? withSysctls(link);
      seen.set(link.name, found);
      return found;
    };
    const announcing = (vip: string) => faces(vip).map(read);
    const found = await this.#present();
    const before = planAcceptance(vips, announcing, found);
    if (before.add.length === 0 && before.remove.length === 0) return before.problems;
    const ours = this.#journal.addresses;
    await this.#journal.write(new Set([...ours, ...addressesOf(before.add)]));
    const lines = [
      ...before.remove.map(removalOf),
      ...before.add.flatMap((hold) => (hold.kind === 'route' ? [additionOf(hold)] : [])),
    ];
    const { stderr } = await runProgram('ip', ['-force', '-batch', '-'], `${lines.join('\n')}\n`);
    const said = stderr.split('\n').find((line) => !/^Command failed/.test(line));
    const refusals = await park(
      before.add.flatMap((hold) => (hold.kind === 'address' ? [hold] : [])),
      new Map(found.links.map(({ name, index }) => [name, index])),
    );
    const present = await this.#present();
    const after = planAcceptance(vips, announcing, present);
    const there = new Set(
      present.links.flatMap(({ name, addresses }) => addresses.map(({ address }) => `${address} ${name}`)),
    );
    await this.#journal.write(new Set([...this.#journal.addresses].filter((key) => there.has(key))));
    return new Map([
      ...after.problems,
      ...after.add.map((hold): [string, string] => [
        hold.vip,
        `the kernel did not take it: ${refusals.get(keyOf(hold)) ?? (said || 'no reason given')}`,
      ]),
    ]);
  }

  async #present(): Promise<Present> {
    const [links, ...routes] = await Promise.all([readInterfaces(), ourRoutes('-4'), ourRoutes('-6')]);
    return { links, routes: new Set(routes.flat()), ours: this.#journal.addresses };
  }
}

/** All interfaces with their addresses; throws when `ip` fails. */
export async function readInterfaces(): Promise<readonly Link[]> {
  const { ok, stdout, stderr } = await runProgram('ip', ['-j', '-d', 'address', 'show']);
  if (!ok) throw new Error(`the interfaces cannot be read: ${stderr}`);
  return readLinks(stdout);
}

/** An interface with what decides how it answers. */
export function withSysctls(link: Link): Announcing {
  const number = (path: string) => Number(read(`/proc/sys/net/${path}`) ?? 0);
  return {
    ...link,
    arpIgnore: Math.max(number('ipv4/conf/all/arp_ignore'), number(`ipv4/conf/${link.name}/arp_ignore`)),
    ipv6: read(`/proc/sys/net/ipv6/conf/${link.name}/disable_ipv6`) === '0',
  };
}

/** Resolves to why the kernel refused some of them. */
async function park(
  holds: readonly Parked[],
  indexes: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, string>> {
  const refusals = new Map<string, string>();
  if (holds.length === 0) return refusals;
  const socket = await openNetlinkSocket('routes');
  try {
    for (const [at, hold] of holds.entries()) {
      // Beats go on meanwhile.
      if (at % portion === portion - 1) await setImmediate();
      const { vip, face, prefix } = hold;
      const said = socket.ask(additionRequest(vip, prefix, indexes.get(face) ?? 0, ourProtocol));
      const fault = said.find((one) => one.type === messageType.error && errorOf(one) !== 0);
      if (fault !== undefined) refusals.set(keyOf(hold), errorText(errorOf(fault)));
    }
  } finally {
    socket.close();
  }
  return refusals;
}

function errorText(code: number): string {
  return getSystemErrorMap().get(-code)?.[1] ?? `errno ${code}`;
}

/** The addresses of our local routes. */
export async function ourRoutes(family: '-4' | '-6'): Promise<readonly string[]> {
  const words = ['-j', family, 'route', 'show', 'table', 'local', 'proto', String(ourProtocol)];
  const { ok, stdout } = await runProgram('ip', words);
  if (!ok || stdout.trim() === '') return [];
  return routesSchema.parse(JSON.parse(stdout)).flatMap(({ dst }) => {
    const address = parseAddress(dst);
    return address.ok ? [address.value] : [];
  });
}

function addressesOf(holds: readonly Hold[]): readonly string[] {
  return holds.flatMap((hold) => (hold.kind === 'address' ? [keyOf(hold)] : []));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined; // The interface has gone meanwhile.
  }
}
