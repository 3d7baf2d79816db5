/** Several clusters as one source: services of one id get the targets of all; a cluster that is lost leaves the others as they are. */
import type { CertRef, Context, Network, ServiceId, Snapshot, Source } from '../model/index.ts';
import { sameItems } from '../model/remade.ts';
import { share, shareItems } from './file/share.ts';
import { ServiceMerger } from './merge-services.ts';
import { networkOf, sameNetwork } from './network.ts';

export interface ClusterMember {
  readonly source: Source;
  readonly cluster: string;
  /** Share of the cluster; absent everywhere: every target alike. */
  readonly weight?: number;
}

/** A watch that has ended is begun again after so long, doubled up to the second. */
const againMs = { first: 500, most: 15_000 } as const;

/** One member, read by itself as it says that it changed. */
class Member {
  readonly of: ClusterMember;
  snapshot: Snapshot | undefined;
  failure: unknown;
  /** All of it was read once: what it has not is not there, as far as anybody knows. */
  known = false;
  #reading: Promise<void> | undefined;
  #again = false;

  constructor(of: ClusterMember) {
    this.of = of;
  }

  /** Reads; asked for while a reading goes on, once more behind it. */
  refresh(signal: AbortSignal): Promise<void> {
    if (this.#reading === undefined) {
      this.#reading = this.#read(signal).finally(() => {
        this.#reading = undefined;
      });
    } else this.#again = true;
    return this.#reading;
  }

  async #read(signal: AbortSignal): Promise<void> {
    do {
      this.#again = false;
      try {
        this.snapshot = await this.of.source.read(signal);
        this.failure = undefined;
        if (this.snapshot.incomplete.length === 0) this.known = true;
      } catch (error) {
        if (signal.aborted) return;
        this.failure = error;
      }
    } while (this.#again && !signal.aborted);
  }
}

export function mergeClusters(members: readonly ClusterMember[], clock: Context['clock']): Source {
  const own = members.map((member) => new Member(member));
  const name = members.map(({ source }) => source.name).join('+');
  const merger = new ServiceMerger();
  let last: Snapshot = { services: [], leaving: [], nodes: [], problems: [], incomplete: [] };
  let following: Promise<unknown> | undefined;

  const merged = (): Snapshot => {
    const lost = own.filter(({ failure }) => failure !== undefined);
    const { services, problems } = merger.merge(
      own.map(({ of, snapshot }) => ({
        cluster: of.cluster,
        ...(of.weight === undefined ? {} : { weight: of.weight }),
        services: snapshot?.services ?? [],
      })),
    );
    const all = own.flatMap(({ snapshot }) => snapshot ?? []);
    const read: Snapshot = {
      services: shareItems(last.services, services),
      leaving: shareItems(
        last.leaving ?? [],
        all.flatMap(({ leaving = [] }) => leaving),
      ),
      nodes: shareItems(
        last.nodes,
        all.flatMap(({ nodes }) => nodes),
      ),
      ...networkOfAll(last, all),
      problems: share(last.problems, [...all.flatMap((one) => one.problems), ...problems, ...lost.map(lostProblem)]),
      incomplete: share(last.incomplete, [
        ...all.flatMap(({ incomplete, blank }) => incomplete.map((part) => ({ ...part, ...(blank && { blank }) }))),
        ...lost.map(({ of, failure, snapshot }) => ({
          source: of.source.name,
          part: 'everything',
          reason: reasonOf(failure),
          ...(snapshot === undefined && { blank: true as const }),
        })),
      ]),
    };
    const ended = endedOf(read, last, own);
    const now: Snapshot = ended.length === 0 ? read : { ...read, ended };
    const same =
      now.services === last.services &&
      now.leaving === last.leaving &&
      now.nodes === last.nodes &&
      sameNetwork(now, last) &&
      now.problems === last.problems &&
      now.incomplete === last.incomplete &&
      sameItems(now.ended ?? [], last.ended ?? []);
    if (!same) last = now;
    return last;
  };

  const follow = async (member: Member, changed: (cause: string) => void, signal: AbortSignal): Promise<void> => {
    const tell = async (cause: string): Promise<void> => {
      await member.refresh(signal);
      if (!signal.aborted) changed(cause);
    };
    for (let delayMs: number = againMs.first; !signal.aborted; delayMs = Math.min(delayMs * 2, againMs.most)) {
      try {
        const watched = member.of.source.watch((cause) => {
          delayMs = againMs.first;
          void tell(`${member.of.source.name}: ${cause}`);
        }, signal);
        // What happened before it was watched.
        void tell(`${member.of.source.name}: first reading`);
        await watched;
      } catch (error) {
        if (signal.aborted) return;
        member.failure = error;
        changed(`${member.of.source.name} cannot be read`);
      }
      await clock.sleep(delayMs, signal);
    }
  };

  return {
    name,
    async read(signal) {
      if (following === undefined) await Promise.all(own.map((member) => member.refresh(signal)));
      // One that was never read, and has not failed, is about to be.
      else await Promise.all(own.map((one) => (one.snapshot ?? one.failure) === undefined && one.refresh(signal)));
      signal.throwIfAborted();
      const [first] = own;
      if (first !== undefined && own.every(({ snapshot }) => snapshot === undefined)) throw first.failure;
      return merged();
    },
    async watch(changed, signal) {
      following = Promise.all(own.map((member) => follow(member, changed, signal)));
      try {
        await following;
      } finally {
        following = undefined;
      }
    },
    async secret(ref: CertRef) {
      for (const { of } of own) {
        const found = await of.source.secret(ref);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

function networkOfAll(last: Snapshot, all: readonly Snapshot[]): Network {
  return networkOf({
    pools: shareItems(
      last.pools ?? [],
      all.flatMap(({ pools = [] }) => pools),
    ),
    announcements: shareItems(
      last.announcements ?? [],
      all.flatMap(({ announcements = [] }) => announcements),
    ),
    ...(all.some(({ announcers }) => announcers !== undefined)
      ? {
          announcers: shareItems(
            last.announcers ?? [],
            all.flatMap(({ announcers = [] }) => announcers),
          ),
        }
      : {}),
    namespaces: shareItems(
      last.namespaces ?? [],
      all.flatMap(({ namespaces = [] }) => namespaces),
    ),
  });
}

/** What the others have let go while one cannot be read that did not have it: nobody waits for that one. */
function endedOf(now: Snapshot, last: Snapshot, members: readonly Member[]): readonly ServiceId[] {
  if (now.incomplete.length === 0 || members.some(({ known }) => !known)) return [];
  if (now.services === last.services) return last.ended ?? [];
  const there = new Set(now.services.map(({ id }) => id));
  const before = [...(last.ended ?? []), ...last.services.map(({ id }) => id)];
  return [...new Set(before)].filter((id) => !there.has(id));
}

function lostProblem({ of, failure, snapshot }: Member): Snapshot['problems'][number] {
  const goes = snapshot === undefined ? 'nothing is known of it yet' : 'its last good targets stay';
  return {
    code: 'E_KUBE_READ',
    severity: 'error',
    source: `source/${of.source.name}`,
    message: `cluster ${of.cluster} cannot be read: ${reasonOf(failure)}; ${goes}, the other clusters go on`,
  };
}

function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
