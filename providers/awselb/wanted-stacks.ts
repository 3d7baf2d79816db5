/**
 * Stacks that this weir has once wanted. Ownership tags are those of aws-load-balancer-controller and say the cluster alone: only what is
 * remembered here, or asked for now, is ours to delete. Written down before the first call for a stack, so that another process knows it.
 * File lost or not readable: nothing that nobody asks for is ours, and everything stays.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Context, ErrorCode, Handle } from '../../src/model/index.ts';
import type { Options } from './options.ts';

const stack = z.strictObject({
  /** The load balancer that it had last. */
  balancer: z.string().exactOptional(),
  /** `namespace/name` of whoever was in a group. */
  members: z.array(z.string()).exactOptional(),
  /** Since when nothing of it was there and nobody asked for it; wall-clock milliseconds. */
  goneMs: z.number().exactOptional(),
});
/** Place → stack as its tags name it. */
const file = z.strictObject({ places: z.record(z.string(), z.record(z.string(), stack)) });

type Stack = z.infer<typeof stack>;
type Stacks = ReadonlyMap<string, Stack>;
type Known = { readonly places: z.infer<typeof file>['places']; readonly damage?: string };

/** What was made a moment before an end may show later than this in no listing: then it is forgotten. */
const lateMs = 900_000;

export class WantedStacks {
  readonly #path: string;
  readonly #place: string;
  readonly #ctx: Pick<Context, 'clock' | 'mayKeep'>;
  readonly #stacks = new Map<string, Stack>();
  readonly #byBalancer = new Map<Handle, string>();
  #places: Known['places'] | undefined;
  /** What the file does not say yet: nothing, what can wait, a stack. */
  #unsaved: 'nothing' | 'detail' | 'stack' = 'nothing';
  #trouble: string | undefined;
  #damage: string | undefined;
  /** A new file stands in the place of the damaged one. */
  #aside = false;

  /** `stateDir`: the balancer's own. `place`: what tells its account and region from others, as far as options say. */
  constructor(place: string, { stateDir, ...ctx }: Pick<Context, 'stateDir' | 'clock' | 'mayKeep'>) {
    this.#path = join(stateDir, 'wanted-stacks.json');
    this.#place = place;
    this.#ctx = ctx;
  }

  /** Whether a stack was wanted once; what it had in another account is another one. */
  has(key: string, arn?: string): boolean {
    const { balancer } = this.#known().get(key) ?? {};
    if (!this.#known().has(key)) return false;
    return (
      balancer === undefined || arn === undefined || !arn.startsWith('arn:') || accountOf(arn) === accountOf(balancer)
    );
  }

  /** The stack that had a load balancer last. */
  stackOf(balancer: Handle): string | undefined {
    this.#known();
    return this.#byBalancer.get(balancer);
  }

  /** Whether somebody was a member of a group. `part`: `namespace/name`, and `-` and more behind it, as tags of target groups have it. */
  hadMember(key: string, part: string): boolean {
    return (
      this.#known()
        .get(key)
        ?.members?.some((one) => part === one || part.startsWith(`${one}-`)) === true
    );
  }

  /** Whether `namespace/name` was a member of a group. */
  wasMember(key: string, name: string): boolean {
    return this.#known().get(key)?.members?.includes(name) === true;
  }

  /** These are wanted from now on; groups by the `namespace/name` of their members. */
  want(stacks: Iterable<readonly [string, readonly string[]]>): void {
    const known = this.#known();
    for (const [key, asking] of stacks) {
      const before = known.get(key);
      const { goneMs, members = [], ...now } = before ?? {};
      const fresh = asking.filter((one) => !members.includes(one));
      if (before !== undefined && goneMs === undefined && fresh.length === 0) continue;
      const all = [...members, ...fresh];
      this.#stacks.set(key, { ...now, ...(all.length === 0 ? {} : { members: all }) });
      this.#unsaved = 'stack';
    }
  }

  /** What a stack has for its load balancer now. */
  note(key: string, balancer: Handle): void {
    const now = this.#known().get(key);
    if (now === undefined || now.balancer === balancer) return;
    if (now.balancer !== undefined) this.#byBalancer.delete(now.balancer);
    this.#byBalancer.set(balancer, key);
    this.#stacks.set(key, { ...now, balancer });
    if (this.#unsaved === 'nothing') this.#unsaved = 'detail';
  }

  /** A whole listing: what is not there, and is wanted no more, is forgotten after a while. What somebody else makes then is not ours. */
  listed(there: ReadonlySet<string>, wanted: (key: string) => boolean): void {
    const nowMs = this.#ctx.clock.wall();
    for (const [key, now] of this.#known()) {
      const gone = !there.has(key) && !wanted(key);
      if (!gone && now.goneMs === undefined) continue;
      const { goneMs, ...rest } = now;
      if (gone && goneMs !== undefined && nowMs - goneMs < lateMs) continue;
      if (!gone) this.#stacks.set(key, rest);
      else if (goneMs === undefined) this.#stacks.set(key, { ...rest, goneMs: nowMs });
      else {
        this.#stacks.delete(key);
        if (rest.balancer !== undefined) this.#byBalancer.delete(rest.balancer);
      }
      if (this.#unsaved === 'nothing') this.#unsaved = 'detail';
    }
  }

  /**
   * Writes down what is not yet: beside the work only who may, before a call whatever is new. Never throws: what serves does not wait for a
   * disk, and a stack that is forgotten is only left alone.
   */
  keep(when: 'beside' | 'before a call'): void {
    if (this.#unsaved === 'nothing') return;
    if (when === 'beside' ? this.#ctx.mayKeep?.() !== true : this.#unsaved !== 'stack') return;
    try {
      // What cannot be understood may still be of use to a person.
      if (this.#damage !== undefined && !this.#aside) renameSync(this.#path, `${this.#path}.damaged`);
      this.#aside = true;
      this.#places = { ...this.#places, [this.#place]: Object.fromEntries(this.#stacks) };
      write(this.#path, `${JSON.stringify({ places: this.#places })}\n`);
      this.#unsaved = 'nothing';
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = `${this.#path}, which remembers what this weir has made, cannot be written: ${String(error)}; what is made meanwhile is left alone by another process that is not asked for it`;
    }
  }

  troubles(): readonly { readonly code: ErrorCode; readonly message: string }[] {
    const damage =
      this.#damage === undefined
        ? []
        : [
            `${this.#path}, which remembers what this weir has made, could not be read: ${this.#damage}; of what was made before, nothing that nobody asks for now is deleted. ${this.#aside ? `It was put aside as ${this.#path}.damaged` : 'Put a copy back, or remove it'}`,
          ];
    return [...damage, ...(this.#trouble === undefined ? [] : [this.#trouble])].map((message) => ({
      code: 'W_STACKS_UNKNOWN',
      message,
    }));
  }

  #known(): Stacks {
    if (this.#places !== undefined) return this.#stacks;
    const { places, damage } = read(this.#path);
    this.#places = places;
    this.#damage = damage;
    for (const [key, one] of Object.entries(places[this.#place] ?? {})) {
      this.#stacks.set(key, one);
      if (one.balancer !== undefined) this.#byBalancer.set(one.balancer, key);
    }
    return this.#stacks;
  }
}

/** Two places with one name may still be two accounts: ARNs tell them apart. */
export function placeOf(region: string, options: Options): string {
  const { clusterName, endpoint, profile, assumeRole } = options;
  return [region, clusterName, endpoint, profile, assumeRole].filter((word) => word !== undefined).join(' ');
}

function accountOf(arn: string): string | undefined {
  return arn.split(':')[4];
}

function read(path: string): Known {
  try {
    return { places: file.parse(JSON.parse(readFileSync(path, 'utf8'))).places };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { places: {} };
    return { places: {}, damage: error instanceof z.ZodError ? 'it does not say what it should' : String(error) };
  }
}

/** All of it or nothing, over a loss of power too. */
function write(path: string, text: string): void {
  const fresh = `${path}.new`;
  const opened = openSync(fresh, 'w', 0o600);
  try {
    writeFileSync(opened, text);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
  renameSync(fresh, path);
}
