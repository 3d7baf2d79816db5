/** A ServiceL2Status as it was last seen: as little as is needed. */
export interface SeenStatus {
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  /** `namespace/name`. */
  readonly service: string;
  readonly interfaces: readonly string[];
  /** Its status says what its labels say. */
  readonly complete: boolean;
  /** A weir has made it. */
  readonly ours: boolean;
}

/** A Service of which this node answers for an address. */
export interface AnnouncedService {
  /** `namespace/name`. */
  readonly service: string;
  /** Of its object; undefined: not known. */
  readonly uid?: string | undefined;
  /** For which this node answers. */
  readonly addresses: readonly string[];
  readonly interfaces: readonly string[];
  /** Nodes that answer for its addresses; undefined: of some address it is not known. */
  readonly owners: ReadonlySet<string> | undefined;
}

export interface StatusSteps {
  readonly create: readonly AnnouncedService[];
  readonly update: readonly { readonly seen: SeenStatus; readonly wanted: AnnouncedService }[];
  readonly remove: readonly SeenStatus[];
}

/**
 * One object for each Service and each node that answers for it. A node takes back its own; of other nodes those of Services that it
 * answers for now: they may have died. What another controller has made stays. Pure.
 */
export function planStatuses(
  node: string,
  announced: readonly AnnouncedService[],
  seen: Iterable<SeenStatus>,
): StatusSteps {
  const wanted = new Map(announced.map((one) => [one.service, one]));
  const update: { readonly seen: SeenStatus; readonly wanted: AnnouncedService }[] = [];
  const remove: SeenStatus[] = [];
  const there = new Set<string>();
  for (const one of [...seen].filter(({ ours }) => ours).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const now = wanted.get(one.service);
    if (one.node !== node) {
      if (now?.owners?.has(one.node) === false) remove.push(one);
    } else if (now === undefined || there.has(one.service)) remove.push(one);
    else {
      there.add(one.service);
      if (!one.complete || !sameNames(one.interfaces, now.interfaces)) update.push({ seen: one, wanted: now });
    }
  }
  return { create: announced.filter(({ service }) => !there.has(service)), update, remove };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
