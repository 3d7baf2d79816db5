import type { ExportedService, Problem } from '../model/index.ts';
import type { Notice } from './event-book.ts';
import type { ServiceFacts, StatusAddress } from './facts.ts';
import type { Hold } from './finalizer-intent.ts';
import type { KnownObject } from './known-object.ts';
import type { WantedStatus } from './status-intent.ts';

export interface ObjectParts {
  readonly object: KnownObject;
  /** What its source exports of it now. */
  readonly service: Pick<ExportedService, 'origin'> | undefined;
  readonly facts: ServiceFacts | undefined;
  readonly remains: () => Facts;
  /** All that its source could export is known, and the object itself is not in trouble. */
  readonly complete: boolean;
  /** Why its source exports nothing of it although it should. */
  readonly trouble?: Pick<Problem, 'code' | 'message'> | undefined;
  /** It has not been exported for some time. */
  readonly lapsed: boolean;
  /** Name of our finalizer. */
  readonly finalizer: string;
  /** What is told of addresses out of pools. Default: as of all others. */
  readonly given?: ((addresses: readonly string[], before: readonly string[]) => Notice | undefined) | undefined;
}

/** What is left of the service, in words; undefined: not known. */
type Facts = readonly string[] | undefined;

/** What shall be so of one object; `keep`: as it is. */
export interface Decision {
  readonly status: WantedStatus | 'clear' | 'keep';
  readonly hold: Hold | 'keep';
  /** To be told once. */
  readonly notice?: Notice;
  /** Name of the pool that its annotation shall have; absent: whatever it has. */
  readonly pool?: string;
}

const nothing: Decision = { status: 'keep', hold: 'keep' };

/** From an object and what is known of its service to what is to be written. Pure. */
export function decideObject(parts: ObjectParts): Decision {
  const { object, service, facts } = parts;
  if (object.deleting) return leaving(parts);
  if (service === undefined) return passedOver(parts);
  // The source has not seen the one that was made in the place of another, or nobody has looked at what it became.
  if (facts === undefined || (service.origin.uid !== undefined && service.origin.uid !== object.uid)) return nothing;
  return exported(parts, facts);
}

function exported({ object, remains, given }: ObjectParts, facts: ServiceFacts): Decision {
  const { addresses, programmed, unserved, outlives } = facts;
  // What was published stays while it is not known anew: who resolved it goes on using it.
  const published = addresses.length > 0 || unserved || !object.ours ? addresses : object.addresses;
  const hold = outlives ? 'hold' : remains()?.length === 0 ? 'release' : 'keep';
  const before = object.programmed?.status === true || (object.ours && object.addresses.length > 0);
  const at = placesOf(published);
  const first = programmed.status && !before && at.length > 0;
  const reachable: Notice = { type: 'Normal', reason: 'Programmed', note: `reachable at ${at.slice(0, 8).join(', ')}` };
  const notice =
    (facts.pooled ? given?.(at, placesOf(object.addresses)) : undefined) ?? (first ? reachable : undefined);
  // Another weir may serve it, and has said so.
  const told = object.programmed !== undefined || object.addresses.length > 0;
  if (unserved && !object.ours && told) return { status: 'keep', hold };
  if (facts.settling && object.programmed?.status !== false && object.ours) return { status: 'keep', hold };
  return {
    status: { addresses: published, programmed },
    hold,
    ...(facts.pool === undefined ? {} : { pool: facts.pool }),
    ...(notice === undefined ? {} : { notice }),
  };
}

function placesOf(addresses: readonly StatusAddress[]): readonly string[] {
  return addresses.flatMap(({ ip, hostname }) => ip ?? hostname ?? []);
}

/** Not ours, or no longer: of another class, told not to be exported. Or ours, and of no sense. */
function passedOver({ complete, lapsed, remains, object, finalizer, trouble }: ObjectParts): Decision {
  const untold = object.programmed === undefined && object.addresses.length === 0;
  if (trouble !== undefined && object.shape.addresses && (object.ours || untold)) {
    const programmed = { status: false, reason: trouble.code.replace(/^E_/, ''), message: trouble.message };
    return { status: { addresses: object.addresses, programmed }, hold: 'keep' };
  }
  if (!complete) return nothing;
  const held = object.finalizers.includes(finalizer);
  return { status: 'clear', hold: held && lapsed && remains()?.length === 0 ? 'release' : 'keep' };
}

/** Somebody waits for it to be gone: whatever else cannot be read, this one is wanted no more. */
function leaving({ object, remains, lapsed, finalizer }: ObjectParts): Decision {
  if (!object.finalizers.includes(finalizer)) return nothing;
  const left = remains();
  if (lapsed && left?.length === 0) return { status: 'keep', hold: 'release' };
  const message =
    left === undefined
      ? 'deletion waits until weir knows what was made for it'
      : left.length === 0
        ? 'nothing is left of what was made for it'
        : `deletion waits for ${list(left)} to go`;
  return {
    status: { addresses: object.addresses, programmed: { status: false, reason: 'Deleting', message } },
    hold: 'keep',
    ...(left !== undefined && left.length > 0 ? { notice: { type: 'Normal', reason: 'Deleting', note: message } } : {}),
  };
}

function list(words: readonly string[]): string {
  return words.length <= 5 ? words.join(', ') : `${words.slice(0, 5).join(', ')} and ${words.length - 5} more`;
}
