import type { AnnounceRule, ExportedService, Node, Pool } from '../../src/model/index.ts';
import { sameItems } from '../../src/model/remade.ts';
import { parseLabelSelector } from '../../src/net/index.ts';
import { createPoolOf } from './pool-of.ts';
import type { NodeId, Vip } from './protocol/messages.ts';

/** What decides who may announce. */
export interface CandidateQuestion {
  /** Address → the services that have it. */
  readonly addresses: ReadonlyMap<Vip, readonly ExportedService[]>;
  /** Nodes on which a weir announces. */
  readonly speakers: readonly NodeId[];
  /** Of clusters; a speaker that is none of them (or no cluster) is judged by rules without selectors alone. */
  readonly nodes: readonly Node[];
  readonly pools: readonly Pool[];
  /** Out of which pool an address came that none has any more. Rules by its name go on counting. */
  readonly former?: (address: Vip) => Origin | undefined;
  readonly rules: readonly AnnounceRule[];
  /**
   * nodes: what comes to a node is forwarded there (kube-proxy), so an address needs endpoints that serve, and with externalTrafficPolicy
   * Local one on the node. proxy: a proxy on the node answers, wherever the endpoints are.
   */
  readonly forwarding: 'nodes' | 'proxy';
  /** The label exclude-from-external-load-balancers counts for nothing. Default: false. */
  readonly ignoreExcludeLabel?: boolean;
}

/** A pool as rules know it. */
export type Origin = Pick<Pool, 'name' | 'byRule'>;

export interface Candidate {
  readonly node: NodeId;
  /** Of equal score are those among whom load is spread; more is better. */
  readonly score: number;
  /** Names of interfaces. Absent: all. */
  readonly interfaces?: readonly string[];
}

/** Who may announce an address. */
export interface Candidacy {
  readonly address: Vip;
  /** Highest score first, then by name. */
  readonly candidates: readonly Candidate[];
  /** Every other speaker and why it may not: a clause that follows its name. */
  readonly others: readonly { readonly node: NodeId; readonly reason: string }[];
  /** Why nobody may: a clause that follows the address. Absent: somebody may. */
  readonly nobody?: string;
  /** Out of which it is, or came. */
  readonly pool?: Origin;
}

/** Why nobody announces what could serve nobody: no fault of who announces. */
export const noEndpoint = 'has no endpoint that serves';

type Verdict = Candidate | string;
type Selects = (labels: Readonly<Record<string, string>>) => boolean;

/** A rule, and what it says of each speaker that it selects. */
interface Rule {
  readonly rule: AnnounceRule;
  /** The sum of its preferences. */
  readonly scores: ReadonlyMap<NodeId, number>;
  readonly service: Selects | undefined;
}

/** A service as every node is asked about it. */
interface Asked {
  readonly id: string;
  readonly serves: boolean;
  /** Nodes with endpoints that are ready, where traffic stays on the node. */
  readonly ready: ReadonlySet<NodeId> | undefined;
  readonly rules: readonly Rule[];
  /** Rules that select services never announce one that shares its address. */
  readonly shares: boolean;
}

const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';
const oldExcludeLabel = 'alpha.service-controller.kubernetes.io/exclude-balancer';

type Answer = Omit<Candidacy, 'address'>;

/** What was said last: a question in which only services differ takes from it what they leave as it is. */
export class Answered {
  about = '';
  candidacies: ReadonlyMap<Vip, Said> = new Map();
}

interface Said {
  readonly services: readonly ExportedService[];
  readonly candidacy: Candidacy;
  /** No pool has the address any more. */
  readonly kept: boolean;
}

/**
 * Who may announce each address, by the rules of MetalLB's speaker; who of them does is decided elsewhere. Whether a node is Ready does not
 * count: one that announces lives. Of services that share an address one that may be announced is enough. The order of what is given does
 * not matter. Addresses that are alike have the same lists, and an address keeps its answer while `last` is about the same.
 */
export function candidatesOf(question: CandidateQuestion, last = new Answered()): readonly Candidacy[] {
  const about = aboutOf(question);
  const before = last.about === about ? last.candidacies : undefined;
  const answer = answering(question);
  const candidacies = new Map<Vip, Said>();
  for (const [address, services] of question.addresses) {
    const known = before?.get(address);
    const same = known !== undefined && !known.kept && sameItems(known.services, services);
    candidacies.set(address, same ? known : { services, ...answer(address, services) });
  }
  last.about = about;
  last.candidacies = candidacies;
  return [...candidacies.values()].map(({ candidacy }) => candidacy);
}

/** Everything but the services. */
function aboutOf({ speakers, nodes, pools, rules, forwarding, ignoreExcludeLabel }: CandidateQuestion): string {
  const asked = nodes.map(({ name, labels, networkUnavailable, leaving }) => [
    name,
    Object.entries(labels),
    networkUnavailable === true,
    leaving === true,
  ]);
  return JSON.stringify([speakers, asked, pools, rules, forwarding, ignoreExcludeLabel === true]);
}

function answering(question: CandidateQuestion) {
  const { speakers, nodes, pools, forwarding } = question;
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const sorted = [...new Set(speakers)].sort();
  const labels = new Map(sorted.map((name) => [name, byName.get(name)?.labels ?? {}]));
  const rules = question.rules.map((rule) => readRule(rule, labels));
  const poolOf = createPoolOf(pools);
  const unfit = new Map(sorted.map((name) => [name, faultOf(byName.get(name), question.ignoreExcludeLabel === true)]));
  const rulesOf = new Map<string, readonly Rule[]>();
  const namesOf = (name: string) => rules.filter(({ rule }) => rule.pools?.includes(name) ?? true);
  for (const { name } of pools) rulesOf.set(name, namesOf(name));
  const ruled = rules.length > 0 || pools.some(({ byRule }) => byRule);
  const alike = new Map<string, Answer>();
  /** Where rules say who announces, nobody announces what they cannot have meant. */
  const formerOf = (address: Vip): Origin | undefined =>
    question.former?.(address) ?? (ruled ? { name: '', byRule: true } : undefined);
  const answerFor = (address: Vip, services: readonly ExportedService[], now: Pool | undefined): Answer => {
    const pool = now ?? formerOf(address);
    const kept = now === undefined;
    const about = pool === undefined ? [] : (rulesOf.get(pool.name) ?? namesOf(pool.name));
    const asked = services.map((service) => ask(service, about, forwarding));
    const key = asked.some(isNamed)
      ? undefined
      : [pool?.name, kept, ...asked.map((one) => keyOf(one, about))].join(' ');
    const known = key === undefined ? undefined : alike.get(key);
    if (known !== undefined) return known;
    const silent = silenceOf(asked, pool, about, kept);
    const judge = (name: NodeId): Verdict =>
      unfit.get(name) ?? best(asked.map((service) => judgeAt(name, service, about, pool)));
    const answer = answerOf(
      sorted.map((node) => ({ node, verdict: silent ?? judge(node) })),
      silent,
      pool,
    );
    if (key !== undefined) alike.set(key, answer);
    return answer;
  };
  return (address: Vip, services: readonly ExportedService[]): Omit<Said, 'services'> => {
    const pool = poolOf(address);
    return { candidacy: { address, ...answerFor(address, services, pool) }, kept: pool === undefined };
  };
}

function answerOf(
  verdicts: readonly { readonly node: NodeId; readonly verdict: Verdict }[],
  silent: string | undefined,
  pool: Origin | undefined,
): Answer {
  const candidates = verdicts.flatMap(({ verdict }) => (typeof verdict === 'string' ? [] : [verdict]));
  const others = verdicts.flatMap(({ node, verdict }) =>
    typeof verdict === 'string' ? [{ node, reason: verdict }] : [],
  );
  const nobody = candidates.length > 0 ? undefined : (silent ?? nobodyOf(others));
  return {
    candidates: candidates.sort((a, b) => b.score - a.score || (a.node < b.node ? -1 : 1)),
    others,
    ...(nobody === undefined ? {} : { nobody }),
    ...(pool === undefined || pool.name === '' ? {} : { pool: originOf(pool) }),
  };
}

function originOf({ name, byRule }: Origin): Origin {
  return byRule === true ? { name, byRule } : { name };
}

/** Whether an answer may be about this service alone. */
function isNamed({ serves, ready }: Asked): boolean {
  return !serves || ready !== undefined;
}

/** All that an answer depends on, of a service that it does not name. */
function keyOf({ rules, shares }: Asked, about: readonly Rule[]): string {
  return `${rules.map((rule) => about.indexOf(rule)).join()};${shares}`;
}

/** What keeps an address from every node alike. */
function silenceOf(
  asked: readonly Asked[],
  pool: Origin | undefined,
  about: readonly Rule[],
  kept: boolean,
): string | undefined {
  if (asked.length === 0) return 'belongs to no service';
  if (pool?.byRule === true && about.length === 0) return unruled(pool.name, kept);
  if (about.length > 0 && asked.every((service) => service.rules.length === 0)) {
    const names = about.map(({ rule }) => rule.name).join(', ');
    const why = asked.some(({ shares }) => shares)
      ? 'its services share an address, which rules with serviceSelectors never announce'
      : 'they select none of its services';
    return `is announced by no L2Advertisement: ${names}: ${why}`;
  }
  if (!asked.some(({ serves }) => serves)) return noEndpoint;
  return undefined;
}

function unruled(pool: string, kept: boolean): string {
  if (!kept) return `lies in pool ${pool}, which no L2Advertisement announces`;
  const came = pool === '' ? 'lies in no pool' : `came out of pool ${pool}, which has it no more`;
  return `${came}, and no L2Advertisement announces it: put it back into a pool, or let the service ask for another address`;
}

/** What keeps a node from announcing anything. */
function faultOf(node: Node | undefined, ignoreExcludeLabel: boolean): string | undefined {
  if (node === undefined) return undefined;
  if (node.networkUnavailable === true) return 'has no network yet (condition NetworkUnavailable)';
  if (node.leaving === true) return 'is about to be deleted';
  const label = [excludeLabel, oldExcludeLabel].find((key) => Object.hasOwn(node.labels, key));
  if (label === undefined || ignoreExcludeLabel) return undefined;
  return `has the label ${label}; take it off, or set ignoreExcludeLabel`;
}

function judgeAt(
  name: NodeId,
  { id, serves, ready, rules }: Asked,
  about: readonly Rule[],
  pool: Origin | undefined,
): Verdict {
  if (!serves) return `is not needed by ${id}, which has no endpoint that serves`;
  if (ready?.has(name) === false) return `has no ready endpoint of ${id} (externalTrafficPolicy Local)`;
  if (about.length === 0 && pool?.byRule !== true) return { node: name, score: 0 };
  const admitting = rules.filter(({ scores }) => scores.has(name));
  if (admitting.length === 0) {
    const names = about.map(({ rule }) => rule.name).join(', ');
    return `is selected by the nodeSelectors of no L2Advertisement of pool ${pool?.name ?? '-'}: ${names}`;
  }
  const score = admitting.reduce((sum, { scores }) => sum + (scores.get(name) ?? 0), 0);
  if (admitting.some(({ rule }) => rule.interfaces === undefined)) return { node: name, score };
  const interfaces = [...new Set(admitting.flatMap(({ rule }) => rule.interfaces ?? []))].sort();
  return { node: name, score, interfaces };
}

/** The candidate with the highest score, on the interfaces of all; else the first reason. */
function best(verdicts: readonly Verdict[]): Verdict {
  const fit = verdicts.filter((verdict) => typeof verdict !== 'string');
  const [first, ...more] = fit;
  if (first === undefined) return verdicts[0] ?? 'has no service';
  if (more.length === 0) return first;
  const interfaces = fit.every((one) => one.interfaces !== undefined)
    ? [...new Set(fit.flatMap((one) => one.interfaces ?? []))].sort()
    : undefined;
  const score = Math.max(...fit.map((one) => one.score));
  return { node: first.node, score, ...(interfaces === undefined ? {} : { interfaces }) };
}

function ask(
  { id, address, origin, backends }: ExportedService,
  about: readonly Rule[],
  forwarding: CandidateQuestion['forwarding'],
): Asked {
  const shares = address?.shareKey !== undefined;
  const rules = about.filter(({ service }) => service === undefined || (!shares && service(origin.labels)));
  // A proxy answers, whatever is behind it.
  if (forwarding === 'proxy') return { id, serves: true, ready: undefined, rules, shares };
  const all = Object.values(backends);
  const ready = all.some(({ localOnly }) => localOnly === true)
    ? new Set(
        all.flatMap(({ targets }) => targets.flatMap(({ node, state }) => (state === 'ready' ? (node ?? []) : []))),
      )
    : undefined;
  // Ready, or serving while it ends, anywhere.
  return { id, serves: all.some(({ targets }) => targets.some(({ state }) => state !== 'gone')), ready, rules, shares };
}

function nobodyOf(others: Candidacy['others']): string {
  if (others.length === 0) return 'has no candidate: no weir announces';
  const reasons = new Map<string, NodeId[]>();
  for (const { node, reason } of others) reasons.set(reason, [...(reasons.get(reason) ?? []), node]);
  const told = [...reasons].map(([reason, names]) => `${shortened(names)} ${reason}`);
  return `has 0 candidates: ${told.join('; ')}`;
}

function shortened(names: readonly NodeId[]): string {
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`;
}

function readRule(rule: AnnounceRule, labels: ReadonlyMap<NodeId, Readonly<Record<string, string>>>): Rule {
  const { nodeSelectors, serviceSelectors } = rule;
  const node = anyOf(nodeSelectors);
  const preferences = rule.preferences.map(({ weight, selector }) => ({ weight, selects: readSelector(selector) }));
  const scores = new Map<NodeId, number>();
  for (const [name, own] of labels)
    if (node?.(own) !== false)
      scores.set(
        name,
        preferences.reduce((sum, { weight, selects }) => sum + (selects(own) ? weight : 0), 0),
      );
  return { rule, scores, service: anyOf(serviceSelectors) };
}

function anyOf(selectors: readonly string[] | undefined): Selects | undefined {
  if (selectors === undefined || selectors.length === 0) return undefined;
  const all = selectors.map(readSelector);
  return (labels) => all.some((selects) => selects(labels));
}

/** What cannot be read selects nothing: better nobody than somebody who was not meant. */
function readSelector(text: string): Selects {
  const parsed = parseLabelSelector(text);
  return parsed.ok ? parsed.value : () => false;
}
