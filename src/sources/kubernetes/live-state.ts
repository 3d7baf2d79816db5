import {
  type CertRef,
  type ExportedService,
  errors,
  type Incomplete,
  type Network,
  type Node,
  type Problem,
  type ServiceId,
  type Snapshot,
  type Turns,
} from '../../model/index.ts';
import { Remade } from '../../model/remade.ts';
import { refsOf } from '../file/refs-of.ts';
import { type InForce, nothingInForce, settle } from '../file/settle.ts';
import { share, shareItems } from '../file/share.ts';
import { networkOf, sameNetwork } from '../network.ts';
import { LiveRecord } from './live-record.ts';
import { LivingObjects, type ReadResult } from './living-objects.ts';
import { type AtNodes, toNodes } from './node-targets.ts';
import type { KubernetesReadOptions } from './options.ts';
import { shareService } from './share-service.ts';

export interface LiveStateOptions {
  readonly readers: KubernetesReadOptions;
  readonly wallMs: () => number;
  readonly turns: Turns;
  /** Requests go to nodes at the node port. */
  readonly atNodes: boolean;
  /** Where last good state is kept; absent: nowhere. */
  readonly directory?: string;
  readonly memory: () => 'none' | 'read' | 'keep';
}

/** How far the cluster is known at present. */
export interface Known {
  /** Whether what is read of this namespace now is all there is; else what was last good of it stays in force. */
  readonly namespace: (namespace: string) => boolean;
  /** That is so of every namespace. */
  readonly everywhere: boolean;
  /** That is so of one namespace at least. */
  readonly somewhere: boolean;
  readonly nodes: boolean;
  readonly pools: boolean;
  readonly announcements: boolean;
  /** Where those are that announce. */
  readonly announcers: boolean;
  readonly problems: readonly Problem[];
  readonly incomplete: readonly Incomplete[];
}

interface SnapshotParts {
  readonly read: ReadResult;
  readonly known: Known;
  readonly saveProblem: Problem | undefined;
}

/** Whether both make one snapshot; where namespaces are known one by one nobody can say so beforehand. */
function isSame(a: SnapshotParts, b: SnapshotParts): boolean {
  const [was, is] = [a.known, b.known];
  return (
    a.read === b.read &&
    a.saveProblem === b.saveProblem &&
    was.everywhere &&
    is.everywhere &&
    was.nodes === is.nodes &&
    was.somewhere === is.somewhere &&
    was.pools === is.pools &&
    was.announcements === is.announcements &&
    was.announcers === is.announcers &&
    share(was.problems, is.problems) === was.problems &&
    share(was.incomplete, is.incomplete) === was.incomplete
  );
}

const empty: Snapshot = { services: [], nodes: [], problems: [], incomplete: [], skipped: {} };

/** What is in force of a cluster: the services as the objects say, last good versions where they cannot be had, key material. */
export class LiveState {
  readonly living: LivingObjects<string>;
  readonly #options: LiveStateOptions;
  readonly #record: LiveRecord | undefined;
  readonly #shared = new Remade<ExportedService, ExportedService>();
  readonly #atNodes = new Remade<ExportedService, AtNodes>();
  #atNodesOf: readonly Node[] = [];
  #inForce: InForce = nothingInForce;
  #nodes: readonly Node[] = [];
  #network: Required<Network> = { pools: [], announcements: [], announcers: [], namespaces: [] };
  #secrets: ReadonlyMap<string, string> = new Map();
  #serving: { readonly of: InForce; readonly hashes: ReadonlySet<string> } | undefined;
  #snapshot = empty;
  /** What the snapshot was made from. */
  #from: SnapshotParts | undefined;
  #recalled: Promise<boolean> | undefined;
  /** Nothing is in force but what nothing was read of. */
  #blank = true;
  #kept: Snapshot | undefined;
  #saveProblem: Problem | undefined;

  constructor(options: LiveStateOptions) {
    this.#options = options;
    this.#record = options.directory === undefined ? undefined : new LiveRecord(options.directory);
    this.living = new LivingObjects({
      ...options.readers,
      inService: (hash) => this.#hashes().has(hash),
      held: (origin) => this.#held(origin),
      lastClass: (id) => this.#inForce.services.get(id)?.class,
      heldStaple: (hash) => this.#secrets.get(hash),
    });
  }

  /** Takes up the last good state of an earlier run, once; whether there is one. */
  recall(): Promise<boolean> {
    if (this.#options.memory() === 'none') return Promise.resolve(false);
    this.#recalled ??= this.#load();
    return this.#recalled;
  }

  /** Does the larger part of the next `rebuild`, letting others have the event loop in between. */
  async prepare(): Promise<void> {
    const { turns, wallMs } = this.#options;
    await turns.do(this.living.prepareReading(wallMs()));
    // The rest of it cannot be held up.
    if (turns.due) await turns.next();
  }

  /** Brings what is in force up to date; the same snapshot as before while nothing changed. */
  rebuild(known: Known): Snapshot {
    const read = this.living.read(this.#options.wallMs());
    const from = { read, known, saveProblem: this.#saveProblem };
    if (this.#from !== undefined && isSame(this.#from, from)) return this.#snapshot;
    this.#from = from;
    this.#nodes = known.nodes ? read.nodes : this.#nodes;
    this.#network = this.#networkNow(read, known);
    const isKnown = ({ origin }: ExportedService) => known.namespace(origin.namespace);
    const found = known.everywhere ? read.services : read.services.filter(isKnown);
    const unread = known.everywhere ? [] : [...this.#inForce.services.values()].filter((one) => !isKnown(one));
    const placed = this.#options.atNodes ? this.#placeAtNodes(found) : undefined;
    const services = placed?.map(({ service }) => service) ?? found;
    const ofReaders = known.everywhere ? read.problems : withoutUnread(read, known);
    const settled = settle(
      {
        services: unread.length === 0 ? services : [...services, ...unread],
        problems: [...ofReaders, ...(placed?.flatMap(({ problems }) => problems) ?? [])],
      },
      this.#inForce,
      this.#shared,
      shareService,
    );
    this.#inForce = settled;
    this.#keepSecrets(read.secrets);
    if (known.somewhere) this.#blank = false;
    const before = this.#snapshot;
    const saved = this.#saveProblem === undefined ? [] : [this.#saveProblem];
    const now: Snapshot = {
      services: shareItems(before.services, [...settled.services.values()]),
      leaving: read.leaving,
      nodes: shareItems(before.nodes, this.#nodes),
      ...this.#networkTold,
      problems: share(before.problems, [...known.problems, ...settled.problems, ...saved]),
      incomplete: share(before.incomplete, known.incomplete),
      ...(this.#blank ? { blank: true } : {}),
      skipped: share(before.skipped, read.skipped),
    };
    const same =
      now.services === before.services &&
      now.leaving === before.leaving &&
      now.nodes === before.nodes &&
      sameNetwork(now, before) &&
      now.problems === before.problems &&
      now.incomplete === before.incomplete &&
      now.blank === before.blank &&
      now.skipped === before.skipped;
    if (!same) this.#snapshot = now;
    return this.#snapshot;
  }

  secret(hash: string): string | undefined {
    return this.#secrets.get(hash);
  }

  /** Keeps what is in force for the next start, where it changed. Never throws: a full disk is a problem, not an end. */
  async save(): Promise<void> {
    const snapshot = this.#snapshot;
    if (this.#record === undefined || this.#options.memory() !== 'keep' || this.#kept === snapshot) return;
    try {
      const { services, nodes } = snapshot;
      await this.#record.save({ services, nodes, network: networkOf(snapshot), secrets: this.#secrets });
      this.#kept = snapshot;
      this.#saveProblem = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const { source } = this.#options.readers;
      this.#saveProblem = {
        code: 'E_STATE_DIR',
        severity: 'error',
        source,
        message: `source ${source}: its last good state cannot be kept in ${this.#options.directory}: ${reason}; ${errors.E_STATE_DIR.hint}`,
      };
    }
  }

  async #load(): Promise<boolean> {
    const good = await this.#record?.load();
    // What was read meanwhile is newer.
    if (good === undefined || this.#snapshot !== empty) return false;
    this.#inForce = { ...nothingInForce, services: new Map(good.services.map((service) => [service.id, service])) };
    this.#nodes = good.nodes;
    this.#network = { ...this.#network, ...good.network };
    this.#secrets = good.secrets;
    this.#blank = false;
    return true;
  }

  /** Who announces is found where this source was told how, even if nobody is found. */
  get #networkTold(): Network {
    const { announcers, ...others } = this.#network;
    return networkOf(this.#options.readers.announcers === undefined ? others : { ...others, announcers });
  }

  #networkNow(read: ReadResult, known: Known): Required<Network> {
    const { pools, announcements, announcers, namespaces } = this.#network;
    return {
      pools: known.pools ? read.pools : pools,
      announcements: known.announcements ? read.announcements : announcements,
      announcers: known.announcers ? read.announcers : announcers,
      namespaces: known.pools ? read.namespaces : namespaces,
    };
  }

  #placeAtNodes(services: readonly ExportedService[]): readonly AtNodes[] {
    const nodes = this.#nodes;
    // Other nodes: nothing holds that was made with those before.
    if (nodes !== this.#atNodesOf) this.#atNodes.of([], (service) => toNodes(service, nodes));
    this.#atNodesOf = nodes;
    return this.#atNodes.of(services, (service) => toNodes(service, nodes));
  }

  #hashes(): ReadonlySet<string> {
    if (this.#serving?.of !== this.#inForce) {
      const all = [...this.#inForce.services.values()].flatMap(({ fronts }) =>
        fronts.flatMap(({ tls }) => tls?.certs ?? []),
      );
      this.#serving = { of: this.#inForce, hashes: new Set(all.map(({ sha256 }) => sha256)) };
    }
    return this.#serving.hashes;
  }

  /** The certificate of a Secret that is in service, while its key is at hand. */
  #held(origin: string): CertRef | undefined {
    for (const { fronts } of this.#inForce.services.values())
      for (const { tls } of fronts)
        for (const cert of tls?.certs ?? []) if (cert.origin === origin && this.#secrets.has(cert.sha256)) return cert;
    return undefined;
  }

  /** Key material of what is in force, old versions that were kept among it; the rest is forgotten. */
  #keepSecrets(fresh: ReadonlyMap<string, string>): void {
    const before = this.#secrets;
    if (before.size === 0 && fresh.size === 0) return;
    const kept = new Map<string, string>();
    for (const service of this.#inForce.services.values())
      for (const { sha256 } of refsOf(service)) {
        const text = fresh.get(sha256) ?? before.get(sha256);
        if (text !== undefined) kept.set(sha256, text);
      }
    for (const [sha256, text] of fresh) kept.set(sha256, text);
    this.#secrets = kept;
  }
}

/** What is wrong with objects of namespaces of which only a part can be read would be told of what nobody wrote wrong. */
function withoutUnread({ services, problems }: ReadResult, known: Known): readonly Problem[] {
  const dropped = new Set<ServiceId>();
  for (const { id, origin } of services) if (!known.namespace(origin.namespace)) dropped.add(id);
  return problems.filter(({ service, source }) => {
    const [, namespace = '', name] = source.split('/');
    return !(service !== undefined && dropped.has(service)) && (name === undefined || known.namespace(namespace));
  });
}
