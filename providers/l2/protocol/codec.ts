import { type Beat, electorateOf, type Group, type Message } from './messages.ts';
import { readVips, writeVips } from './vip-set.ts';
import { Malformed, Reader, sameBytes, Writer } from './wire.ts';

const kinds = ['beat', 'ack', 'stale', 'nudge', 'regroup', 'hello'] as const;
/** Spans travel in hundredths of a millisecond. */
const perMs = 100;
const mostVoters = 9;

/** A message as bytes; throws a RangeError for what a datagram cannot hold, such as an empty name. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new Writer().number(kinds.indexOf(message.kind), 1).text(message.from);
  switch (message.kind) {
    case 'beat':
      writeBeat(writer, message);
      break;
    case 'ack':
      writer.number(message.inc, 6).number(message.seq, 6).number(message.version, 4).number(message.fence, 6);
      writer.number(message.needs ? 1 : 0, 1).number(message.refused.length, 2);
      for (const { vip, holder, remainingMs, fence } of message.refused) {
        writeVips(writer, [vip]);
        writer.text(holder).number(spanOf(remainingMs, Math.ceil), 4).number(fence, 6);
      }
      break;
    case 'stale':
      writer.number(message.knownInc, 6);
      break;
    case 'hello':
      writer.number(message.inc, 6);
      break;
    case 'nudge':
      writer.number(message.inc, 6).number(message.seq, 6);
      writeVips(writer, [message.vip]);
      break;
    case 'regroup':
      writeGroup(writer, message.group);
      writer.number(message.settled ? 1 : 0, 1);
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
    case 'beat':
      return readBeat(reader, from);
    case 'ack': {
      const [inc, seq, version, fence] = [reader.number(6), reader.number(6), reader.number(4), reader.number(6)];
      const needs = reader.flag();
      const refused = times(reader.number(2), () => ({
        vip: readVip(reader),
        holder: reader.text(),
        remainingMs: readSpan(reader),
        fence: reader.number(6),
      }));
      return { kind, from, inc, seq, version, fence, needs, refused };
    }
    case 'stale':
      return { kind, from, knownInc: reader.number(6) };
    case 'hello':
      return { kind, from, inc: reader.number(6) };
    case 'nudge':
      return { kind, from, inc: reader.number(6), seq: reader.number(6), vip: readVip(reader) };
    case 'regroup':
      return { kind, from, group: readGroup(reader), settled: reader.flag() };
    default:
      throw new Malformed('its kind is not known');
  }
}

function writeBeat(writer: Writer, beat: Beat): void {
  const said = [beat.eligible, beat.settled, beat.novice, beat.quiet, beat.restful];
  const flags = said.reduce((sum, flag, at) => sum + (flag ? 1 << at : 0), 0);
  writer.number(beat.inc, 6).number(beat.seq, 6).number(flags, 1).number(beat.fence, 6);
  writeGroup(writer, beat.group);
  if (beat.known.length !== electorateOf(beat.group).length) throw new RangeError('each voter has one incarnation');
  for (const inc of beat.known) writer.number(inc, 6);
  writeVips(writer, beat.claims);
  writer.number(beat.fencings.length, 2);
  for (const { fence, open, vips } of beat.fencings) {
    writer.number(fence, 6).number(open ? 1 : 0, 1);
    writeVips(writer, vips);
  }
  writer.number(beat.hints.length, 2);
  for (const { vips, to, leftMs } of beat.hints) {
    writeVips(writer, vips);
    writer.text(to).number(spanOf(leftMs, Math.floor), 4);
  }
}

function readBeat(reader: Reader, from: string): Beat {
  const [inc, seq, flags, fence] = [reader.number(6), reader.number(6), reader.number(1), reader.number(6)];
  if (flags > 31) throw new Malformed('a flag is not known');
  const has = (flag: number) => (flags & flag) > 0;
  const said = { eligible: has(1), settled: has(2), novice: has(4), quiet: has(8), restful: has(16) };
  const { group, known, claims, fencings, hints } = readSaid(from, reader.rest());
  return { kind: 'beat', from, inc, seq, group, known, claims, fence, fencings, hints, ...said };
}

/** What beats of one sender say again and again. */
type Said = Pick<Beat, 'group' | 'known' | 'claims' | 'fencings' | 'hints'>;

const saidLast = new Map<string, { readonly bytes: Uint8Array; readonly said: Said }>();
const mostSenders = 256;

/** The end of a beat; what is the same as in the one before of the same sender is not read again. */
function readSaid(from: string, bytes: Uint8Array): Said {
  const last = saidLast.get(from);
  if (last !== undefined && sameBytes(last.bytes, bytes)) return last.said;
  const reader = new Reader(bytes);
  const group = readGroup(reader);
  const known = electorateOf(group).map(() => reader.number(6));
  const claims = readVips(reader);
  const fencings = times(reader.number(2), () => ({
    fence: reader.number(6),
    open: reader.flag(),
    vips: readVips(reader),
  }));
  const hints = times(reader.number(2), () => ({
    vips: readVips(reader),
    to: reader.text(),
    leftMs: readSpan(reader),
  }));
  reader.end();
  const said = { group, known, claims, fencings, hints };
  if (saidLast.size >= mostSenders) saidLast.clear();
  saidLast.set(from, { bytes: bytes.slice(), said });
  return said;
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
