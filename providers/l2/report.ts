/** What is told of each service: who answers for its addresses since when, who else may, and why others may not. */
import type { AnnouncedAddress, ExportedService, Observed, ServiceReport } from '../../src/model/index.ts';
import { type AnnouncementAttrs, announcementAttrs, isLeft } from './kinds.ts';
import { majorityOf } from './protocol/messages.ts';
import type { View } from './view.ts';

export interface ReportInput {
  readonly node: string;
  readonly view: View;
  /** Who votes. */
  readonly voters: readonly string[];
  readonly facesOf: (patterns: readonly string[] | undefined) => readonly string[];
}

export function reportsOf(
  services: readonly ExportedService[],
  observed: readonly Observed[],
  input: ReportInput,
): readonly ServiceReport[] {
  const byService = indexOf(observed);
  return services.flatMap((service) => {
    const announcements = byService.get(service.id) ?? [];
    return announcements.length === 0 ? [] : [reportOf(service, announcements, input)];
  });
}

const indexes = new WeakMap<readonly Observed[], ReadonlyMap<string, readonly Observed[]>>();

/** The announcements of each service; of many services it is asked for part by part. */
function indexOf(observed: readonly Observed[]): ReadonlyMap<string, readonly Observed[]> {
  const known = indexes.get(observed);
  if (known !== undefined) return known;
  const byService = new Map<string, Observed[]>();
  for (const object of observed) {
    if (object.kind !== 'Announcement' || isLeft(object)) continue;
    for (const service of object.serves) byService.set(service, [...(byService.get(service) ?? []), object]);
  }
  indexes.set(observed, byService);
  return byService;
}

function reportOf(
  { id, fronts }: ExportedService,
  announcements: readonly Observed[],
  input: ReportInput,
): ServiceReport {
  const ports = [...new Set(fronts.map(({ port }) => port))].sort((a, b) => a - b);
  const announced = announcements.map((one) => announcedOf(one, input));
  const dark = announced.filter(
    ({ address, owner, candidates }) => owner === undefined && candidates.length > 0 && input.view.unanswered(address),
  );
  const missing = announced.filter(({ candidates }) => candidates.length === 0);
  return {
    service: id,
    addresses: announced.map(({ address }) => ({ ip: address, ports })),
    conditions: [
      { type: 'Accepted', status: true, reason: 'Accepted', message: '' },
      programmed(announced, dark, missing, input),
    ],
    targets: [],
    announced,
  };
}

type Condition = ServiceReport['conditions'][number];

function programmed(
  announced: readonly AnnouncedAddress[],
  [dark]: readonly AnnouncedAddress[],
  [missing]: readonly AnnouncedAddress[],
  { node, view, voters }: ReportInput,
): Condition {
  const told = { type: 'Programmed', status: false };
  if (missing !== undefined)
    return { ...told, reason: 'NoCandidate', message: `no machine may announce ${missing.address}` };
  if (dark !== undefined) {
    const { address, candidates } = dark;
    const why = quorumText(voters, node, view);
    const reason = view.unaccepted.get(address);
    if (reason !== undefined && why === '')
      return {
        ...told,
        reason: 'E_L2_ADDRESS',
        message: `${address} cannot be taken on ${node}: ${reason}${elsewhere(candidates, node)}`,
      };
    const asked = why === '' ? `: none of ${candidates.join(', ')} takes it; \`weir status\` there says why` : why;
    return { ...told, reason: 'E_L2_QUORUM', message: `nobody answers for ${address}${asked}` };
  }
  const silent = announced.find(({ owner }) => owner === undefined);
  if (silent !== undefined)
    return {
      ...told,
      reason: 'Pending',
      message: `${silent.address} is about to be taken by one of ${silent.candidates.join(', ')}`,
    };
  const own = announced.filter((one) => one.own);
  const message =
    own.length === announced.length
      ? `announced by ${node}`
      : announced.map(({ address, owner }) => `${address} is announced by ${owner}`).join(', ');
  return { type: 'Programmed', status: true, reason: 'Announced', message };
}

function elsewhere(candidates: readonly string[], node: string): string {
  const others = candidates.filter((one) => one !== node);
  return others.length === 0 ? '' : `; nor does ${others.join(', ')} take it`;
}

function quorumText(voters: readonly string[], node: string, view: View): string {
  const silent = new Set(view.silent.map(([name]) => name));
  const heard = voters.filter((name) => !silent.has(name));
  const needed = majorityOf(voters);
  if (view.waitsFor.length > 0)
    return `: the voters have to hear each other once, and ${view.waitsFor.join(', ')} is missing`;
  if (heard.length >= needed) {
    if (view.served === false) return `: no proxy answers on ${node}, and no other machine has taken it`;
    return '';
  }
  return `: of the machines that decide (${voters.join(', ')}) only ${heard.join(', ') || 'none'} ${heard.length === 1 ? 'is' : 'are'} heard here, and ${needed} are needed`;
}

function announcedOf({ id, attrs }: Observed, { node, view, facesOf }: ReportInput): AnnouncedAddress {
  const { candidates, interfaces, others = {} }: AnnouncementAttrs = announcementAttrs.parse(attrs);
  const owner = view.owner(id);
  const own = owner?.node === node;
  const unfit = view.unaccepted.get(id);
  const taken = view.taken.get(id);
  return {
    address: id,
    ...(owner === undefined ? {} : { owner: owner.node, sinceMs: owner.sinceMs }),
    own,
    interfaces: own ? facesOf(interfaces) : [],
    candidates: candidates.flat(),
    others: [
      ...Object.entries(others).map(([name, reason]) => ({ node: name, reason })),
      ...(taken === undefined ? [] : [{ node, reason: `waits: ${taken} answers for it, which is none of ours` }]),
      ...(unfit === undefined ? [] : [{ node, reason: `cannot take it: ${unfit}` }]),
    ],
  };
}
