import { addressFamily, contains, parseCidr } from '../../src/net/index.ts';
import type { Link } from './kernel/interfaces.ts';
import type { Message } from './protocol/messages.ts';

/** An address that has come from another node, and where that node is reached. */
export interface Passing {
  readonly vip: string;
  readonly to: string;
  readonly leftMs: number;
}

export interface MovedParts {
  readonly node: string;
  readonly now: () => number;
  /** Where a peer hears datagrams. */
  readonly addressOf: (node: string) => string | undefined;
  readonly faces: (vip: string) => readonly Link[];
  readonly pass: (passing: readonly Passing[]) => void;
}

/** So long packets of connections that began at the old owner are passed on to it; a proxy that drains is done by then. */
const passMs = 30_000;

/** Connections that began at the owner before: for a while after a hand-over what belongs to them is passed on to it. */
export class Moved {
  readonly #parts: MovedParts;
  readonly #from = new Map<string, { readonly to: string; readonly until: number }>();
  #telling: NodeJS.Immediate | undefined;

  constructor(parts: MovedParts) {
    this.#parts = parts;
  }

  /** A datagram, before anything is made of it: a hint that hands an address to this node. */
  hear(message: Message): void {
    if (message.kind !== 'beat' || message.hints.length === 0) return;
    const { node, now, addressOf } = this.#parts;
    const to = addressOf(message.from);
    const until = now() + passMs;
    if (to === undefined) return;
    const fresh = message.hints
      .flatMap(({ vips, to: heir }) => (heir === node ? vips : []))
      .filter((vip) => this.#from.get(vip)?.to !== to && this.#near(vip, to));
    if (fresh.length === 0) return;
    for (const vip of fresh) this.#from.set(vip, { to, until });
    this.#tell();
  }

  /** The address is another's again; told once for all that go at one time, as each telling says all that stay. */
  drop(vip: string): void {
    if (this.#from.delete(vip)) this.#telling ??= setImmediate(() => this.#tell());
  }

  #tell(): void {
    clearImmediate(this.#telling);
    this.#telling = undefined;
    const at = this.#parts.now();
    for (const [vip, { until }] of this.#from) if (until <= at) this.#from.delete(vip);
    this.#parts.pass([...this.#from].map(([vip, { to, until }]) => ({ vip, to, leftMs: Math.ceil(until - at) })));
  }

  /** Only a neighbour on an interface that announces the address can be passed anything by its Ethernet address. */
  #near(vip: string, to: string): boolean {
    if (addressFamily(vip) !== addressFamily(to)) return false;
    return this.#parts.faces(vip).some(({ addresses }) =>
      addresses.some(({ address, prefix }) => {
        const subnet = parseCidr(`${address}/${prefix}`);
        return subnet.ok && contains(subnet.value, to);
      }),
    );
  }
}
