import { type Acceptor, readInterfaces, withSysctls } from './kernel/acceptor.ts';
import type { GateShape, Range } from './kernel/gate-text.ts';
import { readGateway } from './kernel/gateway.ts';
import { edgesOf, ownAddresses, without } from './kernel/guarded.ts';
import { chooseLinks, type Link, matches } from './kernel/interfaces.ts';
import type { KernelGate } from './kernel/kernel-gate.ts';
import { type Watch, watchProgram } from './kernel/watch-program.ts';
import type { Addresses, News, SpeakerOptions } from './options.ts';
import type { UngatedGate } from './ungated-gate.ts';

export interface SurroundingsParts {
  readonly options: SpeakerOptions;
  readonly gate: KernelGate | UngatedGate;
  readonly acceptor: Acceptor;
  readonly tell: (news: News) => void;
  /** Whether an address is known to be nobody else's; until then the machine does not take it, and reaches whoever has it. */
  readonly free: (vip: string) => boolean;
  /** Interfaces that announce came, went or changed; or only what can be taken here. */
  readonly changed: (faces: boolean) => void;
  /** For the first time, what can be accepted here is. */
  readonly accepting: () => void;
}

const settleMs = 20;
/** Routes and rules tell nobody here when they change. */
const auditMs = 30_000;
/** Nor do sysctls, but they are quickly read. */
const glanceMs = 2000;

/** Keeps the machine fit for announcing: which interfaces speak, what the gates guard, which addresses the kernel takes. */
export class Surroundings {
  readonly #parts: SurroundingsParts;
  #faces: readonly Link[] = [];
  /** Addresses by which others reach this machine, with their interface: never guarded, never announced. */
  #own: ReadonlyMap<string, string> = new Map();
  /** First and last addresses of subnets here, which no machine can have. */
  #edges: ReadonlyMap<string, string> = new Map();
  /** Why the kernel does not take an address. */
  #problems: ReadonlyMap<string, string> = new Map();
  #gateway: string | undefined;
  #told = '';
  #refused = '[]';
  #pools: readonly Range[];
  #vips: readonly string[];
  #bound: ReadonlyMap<string, readonly string[]>;
  #watch: Watch | undefined;
  #settling: NodeJS.Timeout | undefined;
  #audit: NodeJS.Timeout | undefined;
  #glance: NodeJS.Timeout | undefined;
  #sysctls = '';
  #turn: Promise<void> = Promise.resolve();
  #taking: Promise<void> | undefined;
  #closed = false;
  #accepting = false;

  constructor(parts: SurroundingsParts) {
    this.#parts = parts;
    this.#pools = parts.options.pools;
    this.#vips = vipsOf(parts.options);
    this.#bound = new Map(parts.options.bound);
  }

  /** Interfaces that announce now. */
  get faces(): readonly Link[] {
    return this.#faces;
  }

  /** Whether this machine may take an address, and can. */
  takes(vip: string): boolean {
    return this.#refusal(vip) === undefined && !this.#problems.has(vip);
  }

  /** Those of them on which this address is announced. */
  facesOf(vip: string): readonly Link[] {
    const patterns = this.#bound.get(vip);
    return patterns === undefined
      ? this.#faces
      : this.#faces.filter(({ name }) => patterns.some((pattern) => matches(pattern, name)));
  }

  /** What the gates are to guard with these pools. */
  shape(pools = this.#pools): GateShape {
    return {
      pools: without(pools, this.#own.keys()),
      interfaces: this.#faces.map(({ name }) => name),
      bound: [...this.#bound.keys()].map((vip) => [vip, this.facesOf(vip).map(({ name }) => name)]),
    };
  }

  /** Looks at the interfaces once, and what an earlier weir has left there; throws when that is not possible. */
  async look(): Promise<void> {
    await this.#parts.acceptor.recall();
    this.#choose(await readInterfaces());
  }

  /** Begins to accept, once the gates are there, and follows what happens to the interfaces. */
  start(): void {
    this.#watch ??= watchProgram(
      'ip',
      ['-o', 'monitor', 'link', 'address'],
      () => this.refresh(),
      () => this.refresh(),
    );
    this.#audit ??= setInterval(() => this.refresh(), auditMs);
    this.#glance ??= setInterval(() => {
      if (sysctlsOf(this.#faces) !== this.#sysctls) this.refresh();
    }, glanceMs);
    this.refresh();
  }

  /** Other pools or addresses. Guards are widened before and narrowed after, so that nothing is accepted unguarded. */
  use({ pools, ranks, bound = [] }: Addresses): Promise<void> {
    const vips = vipsOf({ node: this.#parts.options.node, ranks });
    return this.#inTurn(async () => {
      const both = [...this.#pools, ...pools];
      [this.#vips, this.#bound] = [vips, new Map(bound)];
      await this.#reshape(both);
      this.#pools = pools;
      await this.#accept();
      await this.#reshape(pools);
    });
  }

  /** Takes what has become free. */
  take(): Promise<void> {
    this.#taking ??= this.#inTurn(() => {
      this.#taking = undefined;
      return this.#accept();
    });
    return this.#taking;
  }

  /** Soon, and once for several calls. */
  refresh(): void {
    if (this.#closed) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#inTurn(() => this.#refresh()), settleMs);
  }

  /** Accepts nothing any more. */
  async withdraw(): Promise<void> {
    this.close();
    await this.#turn;
    await this.#parts.acceptor.accept([], () => []);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#settling);
    clearInterval(this.#audit);
    clearInterval(this.#glance);
    this.#watch?.close();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work).catch((error: unknown) => {
      this.#parts.tell({
        kind: 'trouble',
        what: 'the interfaces',
        error: error instanceof Error ? error.message : String(error),
      });
    });
    return this.#turn;
  }

  async #refresh(): Promise<void> {
    if (this.#closed) return;
    const [before, own] = [signatureOf(this.#faces), [...this.#own.keys()].join()];
    this.#choose(await readInterfaces());
    const changed = signatureOf(this.#faces) !== before;
    if (changed || [...this.#own.keys()].join() !== own) {
      await this.#reshape(this.#pools);
      this.#parts.changed(changed);
    }
    await this.#accept();
    if ('mend' in this.#parts.gate) await this.#parts.gate.mend();
  }

  /** Why this machine never takes an address. */
  #refusal(vip: string): string | undefined {
    const face = this.#own.get(vip);
    if (face !== undefined) return `it is this machine's own address on ${face}: take it out of the pool`;
    if (vip === this.#gateway) return "it is this machine's gateway: take it out of the pool";
    const edge = this.#edges.get(vip);
    return edge === undefined ? undefined : `it is ${edge}, which no machine can have: take it out of the pool`;
  }

  #choose(links: readonly Link[]): void {
    const { chosen, passed } = chooseLinks(links, this.#parts.options.interfaces);
    this.#faces = chosen;
    this.#gateway = readGateway()?.address;
    this.#own = ownAddresses(links, chosen, this.#parts.acceptor.ours, new Set(this.#vips));
    this.#edges = edgesOf(links);
    const news: News = { kind: 'interfaces', announcing: chosen.map(({ name }) => name), passed: [...passed] };
    const text = JSON.stringify(news);
    if (text !== this.#told) this.#parts.tell(news);
    this.#told = text;
  }

  async #reshape(pools: readonly Range[]): Promise<void> {
    const { gate } = this.#parts;
    if ('reshape' in gate) await gate.reshape(this.shape(pools));
  }

  async #accept(): Promise<void> {
    const { gate, acceptor, tell, free } = this.#parts;
    this.#sysctls = sysctlsOf(this.#faces);
    // What cannot be announced here cannot be asked for either: who has it is another machine's question.
    const known = (vip: string) => free(vip) || this.facesOf(vip).length === 0;
    const able = this.#vips.filter((vip) => this.#refusal(vip) === undefined && known(vip));
    const before = [...this.#problems.keys()].join();
    this.#problems = await ('accept' in gate ? gate.accept() : acceptor.accept(able, (vip) => this.facesOf(vip)));
    const refusals = this.#vips.flatMap((vip): (readonly [string, string])[] => {
      const reason = this.#refusal(vip);
      return reason === undefined ? [] : [[vip, reason]];
    });
    const vips = [...refusals, ...this.#problems];
    const text = JSON.stringify(vips);
    if (text !== this.#refused) tell({ kind: 'unaccepted', vips });
    this.#refused = text;
    if (!this.#accepting) this.#parts.accepting();
    this.#accepting = true;
    if (before !== [...this.#problems.keys()].join()) this.#parts.changed(false);
  }
}

/** Every node that may get an address accepts it. */
function vipsOf({ node, ranks }: Pick<SpeakerOptions, 'node' | 'ranks'>): readonly string[] {
  return ranks.flatMap(([vip, nodes]) => (nodes.includes(node) ? [vip] : []));
}

/** What decides how the kernel answers on these interfaces. */
function sysctlsOf(links: readonly Link[]): string {
  return links
    .map(withSysctls)
    .map(({ name, arpIgnore, ipv6 }) => `${name} ${arpIgnore} ${ipv6}`)
    .join(', ');
}

function signatureOf(links: readonly Link[]): string {
  return links.map(({ name, index, mac }) => `${name} ${index} ${mac}`).join(', ');
}
