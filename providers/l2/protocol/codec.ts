import type { Group, Message } from './messages.ts';
import { readVips, writeVips } from './vip-set.ts';
import { Malformed, Reader, Writer } from './wire.ts';

const kinds = ['beat', 'ack', 'stale', 'nudge', 'regroup'] as const;
/** Spans travel in hundredths of a millisecond. */
const perMs = 100;
const mostVoters = 9;

/** A message as bytes; throws a RangeError for what a datagram cannot hold, such as an empty name. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new Writer().number(kinds.indexOf(message.kind), 1).text(message.from);
  switch (message.kind) {
    case 'beat':
      writer
        .number(message.inc, 6)
        .number(message.seq, 6)
        .number(message.eligible ? 1 : 0, 1);
      writeGroup(writer, message.group);
      writeVips(writer, message.claims);
      writer.number(message.hints.length, 2);
      for (const { vip, to, leftMs } of message.hints) {
        writeVips(writer, [vip]);
        writer.text(to).number(spanOf(leftMs, Math.floor), 4);
      }
      break;
    case 'ack':
      writer.number(message.inc, 6).number(message.seq, 6).number(message.version, 4).number(message.refused.length, 2);
      for (const { vip, holder, remainingMs } of message.refused) {
        writeVips(writer, [vip]);
        writer.text(holder).number(spanOf(remainingMs, Math.ceil), 4);
      }
      break;
    case 'stale':
      writer.number(message.knownInc, 6);
      break;
    case 'nudge':
      writeVips(writer, [message.vip]);
      break;
    case 'regroup':
      writeGroup(writer, message.group);
  }
  return writer.done();
}

/** The message in these bytes; throws `Malformed` for anything that `encodeMessage` does not write. */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes);
  const kind = kinds[reader.number(1)];
  const from = reader.text();
  const message = readBody(reader, kind, from);
  reader.end();
  return message;
}

function readBody(reader: Reader, kind: (typeof kinds)[number] | undefined, from: string): Message {
  switch (kind) {
    case 'beat': {
      const [inc, seq, eligible] = [reader.number(6), reader.number(6), reader.flag()];
      const [group, claims] = [readGroup(reader), readVips(reader)];
      const hints = times(reader.number(2), () => ({
        vip: readVip(reader),
        to: reader.text(),
        leftMs: readSpan(reader),
      }));
      return { kind, from, inc, seq, eligible, group, claims, hints };
    }
    case 'ack': {
      const [inc, seq, version] = [reader.number(6), reader.number(6), reader.number(4)];
      const refused = times(reader.number(2), () => ({
        vip: readVip(reader),
        holder: reader.text(),
        remainingMs: readSpan(reader),
      }));
      return { kind, from, inc, seq, version, refused };
    }
    case 'stale':
      return { kind, from, knownInc: reader.number(6) };
    case 'nudge':
      return { kind, from, vip: readVip(reader) };
    case 'regroup':
      return { kind, from, group: readGroup(reader) };
    default:
      throw new Malformed('its kind is not known');
  }
}

function writeGroup(writer: Writer, { version, voters, previous }: Group): void {
  writer.number(version, 4);
  for (const names of [voters, previous]) {
    if (names.length > mostVoters) throw new RangeError(`${names.length} voters are too many: ${mostVoters} at most`);
    writer.number(names.length, 1);
    for (const name of names) writer.text(name);
  }
}

function readGroup(reader: Reader): Group {
  const version = reader.number(4);
  const [voters, previous] = [readNames(reader), readNames(reader)];
  if (version === 0 || voters.length === 0) throw new Malformed('a group has no version or no voters');
  return { version, voters, previous };
}

function readNames(reader: Reader): readonly string[] {
  const count = reader.number(1);
  if (count > mostVoters) throw new Malformed('a group has too many voters');
  const names = times(count, () => reader.text());
  if (new Set(names).size !== names.length) throw new Malformed('a group names a voter twice');
  return names;
}

function readVip(reader: Reader): string {
  const [vip, ...more] = readVips(reader);
  if (vip === undefined || more.length > 0) throw new Malformed('one address is expected');
  return vip;
}

/** What is left of a hint is told short, what is left of a promise long; a hair's breadth off is neither. */
function spanOf(ms: number, round: (value: number) => number): number {
  const exact = Math.max(0, ms * perMs);
  const nearest = Math.round(exact);
  return Math.abs(exact - nearest) < 1e-6 ? nearest : round(exact);
}

function readSpan(reader: Reader): number {
  return reader.number(4) / perMs;
}

function times<T>(count: number, read: () => T): readonly T[] {
  return Array.from({ length: count }, read);
}
