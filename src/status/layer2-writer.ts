import {
  type Beside,
  type Cluster,
  handedOver,
  type JsonObject,
  KubeError,
  type KubeObject,
  type Reflector,
  resourcePath,
} from '../kube/index.ts';
import type { Context, Json, Problem } from '../model/index.ts';
import type { Notice } from './event-book.ts';
import { listOf, recordOf, textOf } from './known-object.ts';
import { type AnnouncedService, planStatuses, type SeenStatus } from './layer2-plan.ts';
import { Takeovers } from './takeovers.ts';
import { Wake } from './wake.ts';

/** What the API is to be sent for one Service. */
export interface RenderedStatus {
  readonly object: Json;
  /** Goes to the subresource. */
  readonly status: Json;
}

export interface Layer2WriterOptions {
  /** Name of the source that follows the cluster. */
  readonly source: string;
  readonly node: string;
  /** Namespace of the objects. */
  readonly home: string;
  readonly render: (announced: AnnouncedService) => RenderedStatus;
  /** What is told at a Service that this machine begins to answer for; undefined: no Events. */
  readonly notice: Notice | undefined;
  readonly clock: Context['clock'];
  readonly random: () => number;
  /** `problems` answers something else. */
  readonly told: () => void;
}

type Removed = Pick<SeenStatus, 'name'> & Partial<Pick<SeenStatus, 'uid'>>;

/** What every object of ours has: another announcer's are left alone. */
export const ourLabel = { key: 'app.kubernetes.io/managed-by', value: 'weir' } as const;

const kind = { apiVersion: 'metallb.io/v1beta1', resource: 'servicel2statuses' } as const;
const labels = { node: 'metallb.io/node', name: 'metallb.io/service-name', namespace: 'metallb.io/service-namespace' };
const againMs = { first: 2_000, most: 60_000 } as const;
/** Changes come in rows: a takeover of many addresses is told together. */
const restMs = 200;
const behindMs = 5_000;
/** The end waits no longer. */
const leaveMs = 2_000;
/** Somebody may have deleted one, or a node has died that had one. */
const idleMs = 30_000;

/** Shows in ServiceL2Status objects, and by Events, which Services this machine answers for. Where the kind is not installed there are Events alone. */
export class Layer2Writer implements Beside {
  readonly #options: Layer2WriterOptions;
  readonly #wake: Wake;
  readonly #takeovers: Takeovers | undefined;
  #announced: readonly AnnouncedService[] | undefined;
  /** Service → what was created and has not been seen yet, and when. */
  readonly #made = new Map<string, { readonly name: string; readonly atMs: number }>();
  #strange: readonly string[] = [];
  #error: KubeError | undefined;

  constructor(options: Layer2WriterOptions) {
    const { notice, node: instance } = options;
    this.#options = options;
    this.#wake = new Wake(options.clock);
    this.#takeovers = notice === undefined ? undefined : new Takeovers({ ...options, instance, notice });
  }

  seen(): undefined {
    return undefined;
  }

  gone(): void {}

  read(): void {}

  /** What this machine answers for now. */
  announce(announced: readonly AnnouncedService[]): void {
    this.#announced = announced;
    this.#takeovers?.tell(announced);
    this.#wake.now();
  }

  problems(): readonly Problem[] {
    const { source, home } = this.#options;
    const about = (code: 'W_METALLB' | 'W_KUBE_WRITE', message: string): Problem => ({
      code,
      severity: 'warning',
      source: `source/${source}`,
      message: `source ${source}: ${message}`,
    });
    const strange = this.#strange.slice(0, 5).join(', ');
    return [
      ...(this.#strange.length === 0
        ? []
        : [
            about(
              'W_METALLB',
              `speakers of MetalLB announce, too: they have ServiceL2Statuses in ${home} of ${strange}`,
            ),
          ]),
      ...(this.#error === undefined
        ? []
        : [about('W_KUBE_WRITE', `ServiceL2Statuses in ${home} are not kept: ${this.#error.message}`)]),
      ...(this.#takeovers?.problems() ?? []),
    ];
  }

  async run(cluster: Cluster, signal: AbortSignal): Promise<void> {
    await Promise.all([this.#keep(cluster, signal), this.#takeovers?.run(cluster, signal)]);
  }

  async #keep(cluster: Cluster, signal: AbortSignal): Promise<void> {
    const { clock, home } = this.#options;
    const reflector = cluster.reflect<SeenStatus>({
      path: resourcePath({ ...kind, namespace: home }),
      project: seenStatus,
      onChange: () => this.#wake.now(),
      onState: () => this.#wake.now(),
    });
    reflector.start();
    let delayMs: number = againMs.first;
    while (!signal.aborted) {
      const waitMs = (await this.#turn(cluster, reflector, signal)) ? idleMs : delayMs;
      delayMs = waitMs === idleMs ? againMs.first : Math.min(delayMs * 2, againMs.most);
      if (waitMs === idleMs) await this.#wake.until(clock.now() + idleMs, signal);
      else await clock.sleep(waitMs, signal);
      await clock.sleep(restMs, signal);
    }
    if (signal.reason !== handedOver) await this.#leave(cluster, reflector);
    await reflector.stop();
  }

  /** This machine answers for nothing any more; where nobody comes in its place the objects would say otherwise. */
  async #leave(cluster: Cluster, reflector: Reflector<SeenStatus>): Promise<void> {
    const end = AbortSignal.timeout(leaveMs);
    try {
      const seen = [...reflector.items.values()];
      for (const one of planStatuses(this.#options.node, [], seen).remove) await this.#remove(cluster, one, end);
      for (const { name } of this.#made.values())
        if (seen.every((one) => one.name !== name)) await this.#remove(cluster, { name }, end);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
    }
  }

  /** Whether everything is written. */
  async #turn(cluster: Cluster, reflector: Reflector<SeenStatus>, signal: AbortSignal): Promise<boolean> {
    const { phase, error } = reflector.state;
    this.#tell(phase === 'forbidden' ? error : this.#error?.forbidden === true ? undefined : this.#error);
    if (!reflector.synced || phase === 'absent' || phase === 'forbidden' || this.#announced === undefined) return true;
    const all = [...reflector.items.values()];
    this.#look(all);
    const steps = planStatuses(this.#options.node, this.#announced, all);
    try {
      for (const one of steps.remove) await this.#remove(cluster, one, signal);
      for (const { seen, wanted } of steps.update) await this.#patch(cluster, seen.name, wanted, signal);
      for (const wanted of steps.create)
        if (!this.#isMade(wanted.service, all)) await this.#create(cluster, wanted, signal);
      this.#tell(undefined);
      return true;
    } catch (failure) {
      if (!signal.aborted)
        this.#tell(failure instanceof KubeError ? failure : new KubeError(0, 'BadAnswer', String(failure)));
      return false;
    }
  }

  async #create(cluster: Cluster, wanted: AnnouncedService, signal: AbortSignal): Promise<void> {
    const object = recordOf(this.#options.render(wanted).object);
    const metadata = recordOf(object.metadata);
    const marked = { ...recordOf(metadata.labels), [ourLabel.key]: ourLabel.value };
    const body: JsonObject = { ...object, metadata: { ...metadata, labels: marked } };
    const path = resourcePath({ ...kind, namespace: this.#options.home });
    const made = await cluster.create(path, body, { signal, fieldManager: 'weir' });
    const name = textOf(recordOf(made.metadata).name);
    if (name === '') return;
    this.#made.set(wanted.service, { name, atMs: this.#options.clock.now() });
    await this.#patch(cluster, name, wanted, signal);
  }

  /** The watch is a little behind. */
  #isMade(service: string, all: readonly SeenStatus[]): boolean {
    const made = this.#made.get(service);
    if (made === undefined) return false;
    const waits = this.#options.clock.now() - made.atMs < behindMs && all.every(({ name }) => name !== made.name);
    if (!waits) this.#made.delete(service);
    return waits;
  }

  async #patch(cluster: Cluster, name: string, wanted: AnnouncedService, signal: AbortSignal): Promise<void> {
    const { home, render } = this.#options;
    const path = resourcePath({ ...kind, namespace: home, name, subresource: 'status' });
    await unlessGone(
      cluster.patch(path, { status: render(wanted).status }, { type: 'merge', fieldManager: 'weir', signal }),
    );
  }

  async #remove(cluster: Cluster, { name, uid }: Removed, signal: AbortSignal): Promise<void> {
    const path = resourcePath({ ...kind, namespace: this.#options.home, name });
    await unlessGone(cluster.delete(path, { ...(uid === undefined ? {} : { preconditions: { uid } }), signal }));
  }

  /** Those of others say that somebody else announces. */
  #look(all: readonly SeenStatus[]): void {
    const strange = [
      ...new Set(all.flatMap(({ ours, service, node }) => (ours ? [] : [`${service} on ${node}`]))),
    ].sort();
    if (strange.join() === this.#strange.join()) return;
    this.#strange = strange;
    this.#options.told();
  }

  #tell(error: KubeError | undefined): void {
    const same = error?.message === this.#error?.message;
    this.#error = error;
    if (!same) this.#options.told();
  }
}

/** Somebody else was faster: then it is as it shall be, or the next turn sees how it is. */
async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof KubeError) || !(error.notFound || error.conflict)) throw error;
  }
}

function seenStatus({ metadata, status }: KubeObject): SeenStatus {
  const own = recordOf(metadata.labels);
  const said = recordOf(status);
  const [node, name, namespace] = [textOf(own[labels.node]), textOf(own[labels.name]), textOf(own[labels.namespace])];
  const interfaces = listOf(said.interfaces).map((one) => textOf(recordOf(one).name));
  const complete = said.node === node && said.serviceName === name && said.serviceNamespace === namespace;
  return {
    name: metadata.name,
    uid: textOf(metadata.uid),
    node,
    service: `${namespace}/${name}`,
    interfaces,
    complete,
    ours: own[ourLabel.key] === ourLabel.value,
  };
}
