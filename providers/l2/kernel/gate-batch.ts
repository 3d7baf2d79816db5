import { addressBytes, addressFamily, type Family } from '../../../src/net/index.ts';
import { type Claim, markOf, tableName } from './gate-text.ts';
import { movedName } from './moved-text.ts';
import {
  addressIn,
  attribute,
  errorOf,
  flag,
  hostNumber,
  joined,
  message,
  messageType,
  type NetlinkMessage,
  nameBytes,
  nested,
  netNumber,
  readAttributes,
} from './netlink.ts';

/** What the beats change in the gates: the one thing that is written often, and so without the words of nft. */
export interface GateChange {
  readonly inc: number;
  /** Families that are in use; the others need no tokens. */
  readonly families: readonly Family[];
  /** A token that dies so long after the kernel has added it. */
  readonly arm?: { readonly token: number; readonly gateMs: number } | undefined;
  /** The token that opens. */
  readonly token?: number | undefined;
  /** Addresses that become owned and that no longer are; `all`: what was owned before is unknown and goes. */
  readonly owned?:
    | { readonly add: readonly string[]; readonly remove: readonly string[]; readonly all?: boolean }
    | undefined;
  /** Addresses of which packets are passed on to who had them before; instead of all that were. */
  readonly moved?: readonly { readonly vip: string; readonly to: string; readonly leftMs: number }[] | undefined;
}

const batchBegin = 0x10;
const batchEnd = 0x11;
const tables = 10;
const call = {
  getTable: 1,
  getChain: 4,
  getRule: 7,
  newElements: 12,
  getElements: 13,
  deleteElements: 14,
  newGeneration: 15,
  getGeneration: 16,
} as const;
const list = { table: 1, set: 2, elements: 3, one: 1 } as const;
const element = { key: 1, data: 2, flags: 3, timeout: 4, expression: 7 } as const;
const counterPackets = 2;
const missing = 2;
/** So many elements fit into one attribute. */
const portion = 1000;

const families = {
  // The kind of packet as the map `cur` has it: an ARP request, a neighbour solicitation.
  ipv4: { number: 3, packets: 2, kind: netNumber(1, 2) },
  ipv6: { number: 10, packets: 10, kind: Uint8Array.of(135) },
} as const;
const everyFamily: readonly Family[] = ['ipv4', 'ipv6'];

/** One transaction; undefined where nothing changes. */
export function encodeChange({ inc, families: used, arm, token, owned, moved }: GateChange): Uint8Array | undefined {
  const change = (
    verb: number,
    family: Family,
    set: string,
    elements: readonly Uint8Array[],
    table = tableName(inc),
  ): readonly Parts[] => {
    const head = [attribute(list.table, nameBytes(table)), attribute(list.set, nameBytes(set))];
    const parts: Parts[] = [];
    for (let at = 0; at < elements.length; at += portion) {
      const some = elements.slice(at, at + portion).map((one) => nested(list.one, one));
      parts.push({ verb, family, body: [...head, nested(list.elements, ...some)] });
    }
    return parts;
  };
  const emptied = (family: Family, set: string, table = tableName(inc)): Parts => ({
    verb: call.deleteElements,
    family,
    body: [attribute(list.table, nameBytes(table)), attribute(list.set, nameBytes(set))],
  });
  const keys = (vips: readonly string[], family: Family) =>
    vips.filter((vip) => addressFamily(vip) === family).map((vip) => keyOf(Uint8Array.from(addressBytes(vip))));
  const parts = everyFamily.flatMap((family) => {
    const { kind } = families[family];
    const some: Parts[] = [];
    if (arm !== undefined && used.includes(family)) {
      const timeout = attribute(element.timeout, netNumber(arm.gateMs, 8));
      some.push(
        ...change(call.newElements, family, 'armed', [joined([keyOf(hostNumber(markOf(arm.token))), timeout])]),
      );
    }
    if (token !== undefined && used.includes(family)) {
      const data = nested(element.data, attribute(1, hostNumber(markOf(token))));
      some.push(emptied(family, 'cur'), ...change(call.newElements, family, 'cur', [joined([keyOf(kind), data])]));
    }
    if (owned !== undefined) {
      if (owned.all === true) some.push(emptied(family, 'owned'));
      some.push(...change(call.deleteElements, family, 'owned', keys(owned.remove, family)));
      some.push(...change(call.newElements, family, 'owned', keys(owned.add, family)));
    }
    if (moved !== undefined) {
      const table = movedName(inc);
      const ours = moved.filter(({ vip }) => addressFamily(vip) === family);
      const entries = ours.map(({ vip, to, leftMs }) => {
        const key = keyOf(Uint8Array.from(addressBytes(vip)));
        const timeout = attribute(element.timeout, netNumber(leftMs, 8));
        return [joined([key, timeout]), nested(element.data, attribute(1, Uint8Array.from(addressBytes(to))))] as const;
      });
      const passing = [
        emptied(family, 'moving', table),
        emptied(family, 'handed', table),
        ...change(call.newElements, family, 'handed', entries.map(joined), table),
        ...change(
          call.newElements,
          family,
          'moving',
          entries.map(([key]) => key),
          table,
        ),
      ];
      some.push(...passing.map((one) => ({ ...one, packets: true })));
    }
    return some;
  });
  if (parts.length === 0) return undefined;
  const last = parts.length - 1;
  return joined([
    message(batchBegin, flag.request, 0, header(0, tables)),
    ...parts.map(({ verb, family, body, packets }, at) => {
      const create = verb === call.newElements ? flag.create : 0;
      // The last one is answered: when it is done, all are.
      const flags = flag.request | create | (at === last ? flag.ack : 0);
      return message(
        (tables << 8) | verb,
        flags,
        at + 1,
        header(packets === true ? families[family].packets : families[family].number, 0),
        ...body,
      );
    }),
    message(batchEnd, flag.request, last + 2, header(0, tables)),
  ]);
}

/** What became of a transaction, by what the kernel said to it. `missing`: something that it names is not there. */
export function readOutcome(
  said: readonly NetlinkMessage[],
): { readonly ok: true } | { readonly ok: false; readonly missing: boolean; readonly error: string } | undefined {
  const errors = said.filter(({ type }) => type === messageType.error).map(errorOf);
  const faults = errors.filter((code) => code !== 0);
  if (faults.length > 0) return { ok: false, missing: faults.includes(missing), error: `errno ${faults.join(', ')}` };
  return errors.length === 0 ? undefined : { ok: true };
}

/** Asks how many transactions there have been, of whomsoever. */
export const generationRequest = message((tables << 8) | call.getGeneration, flag.request, 1, header(0, 0));

/** Their number; undefined where the kernel says none. */
export function readGeneration(said: readonly NetlinkMessage[]): number | undefined {
  const answer = said.find(({ type }) => type === ((tables << 8) | call.newGeneration));
  const number = answer && readAttributes(answer.body.subarray(4)).find(([type]) => type === 1)?.[1];
  return number && new DataView(number.buffer, number.byteOffset).getUint32(0, false);
}

/** Asks for all that keeps a family's gate shut: the table, its chains and rules, and the addresses that it guards. */
export function tableRequests(inc: number, family: Family): readonly Uint8Array[] {
  const name = attribute(1, nameBytes(tableName(inc)));
  const { number } = families[family];
  const ask = (verb: number, flags: number, ...body: readonly Uint8Array[]) =>
    message((tables << 8) | verb, flag.request | flags, 1, header(number, 0), name, ...body);
  return [
    ask(call.getTable, 0),
    ask(call.getChain, 0, attribute(3, nameBytes('in'))),
    ask(call.getChain, 0, attribute(3, nameBytes('gate'))),
    ask(call.getRule, flag.dump),
    ask(call.getElements, flag.dump, attribute(list.set, nameBytes('pool'))),
  ];
}

/** What it says, as a text that is the same as long as nothing has changed; undefined where something is missing. */
export function readTable(said: readonly NetlinkMessage[]): string | undefined {
  if (said.some((one) => one.type === messageType.error && errorOf(one) !== 0)) return undefined;
  const parts = said.filter(({ type }) => type !== messageType.done && type !== messageType.error);
  // The first four bytes count generations.
  return parts.map(({ type, body }) => `${type} ${Buffer.from(body.subarray(4)).toString('base64')}`).join('\n');
}

/** Asks for the elements of a set of a gate. */
export function elementsRequest(inc: number, family: Family, set: 'claims' | 'owned' | 'pool'): Uint8Array {
  const body = [attribute(list.table, nameBytes(tableName(inc))), attribute(list.set, nameBytes(set))];
  const head = header(families[family].number, 0);
  return message((tables << 8) | call.getElements, flag.request | flag.dump, 1, head, ...body);
}

/** Who has said that an address is his which is owned here, out of the elements of `claims`. */
export function readClaimed(said: readonly NetlinkMessage[], family: Family): readonly Claim[] {
  const bytes = family === 'ipv4' ? 4 : 16;
  return elementsIn(said).flatMap(({ key }) => {
    const vip = addressIn(key, family);
    const mac = hexOf(key).slice(bytes * 2, bytes * 2 + 12);
    return vip === undefined ? [] : [{ vip, mac: mac.replace(/(..)(?!$)/g, '$1:') }];
  });
}

/** Address → questions for it that were answered since it is owned, out of the elements of `owned`; nothing of kernels before 5.7, which do not count. */
export function readAnswered(said: readonly NetlinkMessage[], family: Family): ReadonlyMap<string, number> {
  return new Map(
    elementsIn(said).flatMap(({ key, parts }) => {
      const vip = addressIn(key, family);
      const packets = within(within(within(parts, element.expression), 2), counterPackets)[0];
      return vip === undefined || packets === undefined ? [] : [[vip, Number(viewOf(packets).getBigUint64(0))]];
    }),
  );
}

/** Whether an address is guarded, out of the elements of `pool`: where ranges begin, and what follows their ends, marked so. */
export function readGuarded(said: readonly NetlinkMessage[], family: Family): (address: string) => boolean {
  const edges = elementsIn(said)
    .map(({ key, parts }) => ({
      at: hexOf(key),
      begins: !within(parts, element.flags).some((bytes) => bytes[3] === 1),
    }))
    .sort((one, other) => (one.at < other.at ? -1 : 1));
  return (address) => {
    const wanted = hexOf(Uint8Array.from(addressBytes(address)));
    return addressFamily(address) === family && edges.findLast(({ at }) => at <= wanted)?.begins === true;
  };
}

/** Each with its key and all its attributes. */
function elementsIn(said: readonly NetlinkMessage[]) {
  const bodies = said.flatMap(({ type, body }) =>
    type === ((tables << 8) | call.newElements) ? [body.subarray(4)] : [],
  );
  return within(within(bodies, list.elements), list.one).flatMap((one) =>
    within(within([one], element.key), 1).map((key) => ({ key, parts: [one] })),
  );
}

/** What these hold as attributes of this type. */
function within(from: readonly Uint8Array[], wanted: number): readonly Uint8Array[] {
  return from.flatMap((bytes) => readAttributes(bytes).flatMap(([type, value]) => (type === wanted ? [value] : [])));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

interface Parts {
  readonly verb: number;
  readonly family: Family;
  readonly body: readonly Uint8Array[];
  /** Of the table for packets, not for questions. */
  readonly packets?: boolean;
}

function keyOf(value: Uint8Array): Uint8Array {
  return nested(element.key, attribute(1, value));
}

/** Family, version 0, and whom the batch is for. */
function header(family: number, resource: number): Uint8Array {
  return Uint8Array.of(family, 0, ...netNumber(resource, 2));
}
