import type { AnnounceRule, ExportedService, Node, Pool } from '../../src/model/index.ts';
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
  readonly rules: readonly AnnounceRule[];
  /**
   * nodes: what comes to a node is forwarded there (kube-proxy), so an address needs endpoints that serve, and with externalTrafficPolicy
   * Local one on the node. proxy: a proxy on the node answers, wherever the endpoints are.
   */
  readonly forwarding: 'nodes' | 'proxy';
  /** The label exclude-from-external-load-balancers counts for nothing. Default: false. */
  readonly ignoreExcludeLabel?: boolean;
  /** Anything else that keeps a node from an address: a clause that follows its name. */
  readonly against?: (node: NodeId, address: Vip) => string | undefined;
}

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
}

type Verdict = Candidate | string;
type Selects = (labels: Readonly<Record<string, string>>) => boolean;

interface Rule {
  readonly rule: AnnounceRule;
  readonly node: Selects;
  readonly service: Selects | undefined;
  readonly preferences: readonly { readonly weight: number; readonly selects: Selects }[];
}

const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';
const oldExcludeLabel = 'alpha.service-controller.kubernetes.io/exclude-balancer';

/**
 * Who may announce each address, by the rules of MetalLB's speaker; who of them does is decided elsewhere. Whether a node is Ready does not
 * count: one that announces lives. Of services that share an address one that may be announced is enough. Pure; the order of what is given
 * does not matter.
 */
export function candidatesOf(question: CandidateQuestion): readonly Candidacy[] {
  const { addresses, speakers, nodes, pools, rules: written } = question;
  const rules = written.map(readRule);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const sorted = [...new Set(speakers)].sort();
  const poolOf = createPoolOf(pools);
  const unfit = new Map(sorted.map((name) => [name, faultOf(byName.get(name), question.ignoreExcludeLabel === true)]));
  return [...addresses].map(([address, services]) => {
    const pool = poolOf(address);
    const about = pool === undefined ? [] : rules.filter(({ rule }) => rule.pools?.includes(pool.name) ?? true);
    const silent = silenceOf(services, pool, about, question.forwarding);
    const judge = (name: NodeId): Verdict =>
      unfit.get(name) ??
      question.against?.(name, address) ??
      best(services.map((service) => judgeAt(name, byName.get(name), service, about, pool, question.forwarding)));
    const verdicts = sorted.map((node) => ({ node, verdict: silent ?? judge(node) }));
    const candidates = verdicts.flatMap(({ verdict }) => (typeof verdict === 'string' ? [] : [verdict]));
    const others = verdicts.flatMap(({ node, verdict }) =>
      typeof verdict === 'string' ? [{ node, reason: verdict }] : [],
    );
    const nobody = candidates.length > 0 ? undefined : (silent ?? nobodyOf(others));
    return {
      address,
      candidates: candidates.sort((a, b) => b.score - a.score || (a.node < b.node ? -1 : 1)),
      others,
      ...(nobody === undefined ? {} : { nobody }),
    };
  });
}

/** What keeps an address from every node alike. */
function silenceOf(
  services: readonly ExportedService[],
  pool: Pool | undefined,
  about: readonly Rule[],
  forwarding: CandidateQuestion['forwarding'],
): string | undefined {
  if (services.length === 0) return 'belongs to no service';
  if (pool?.byRule === true && about.length === 0)
    return `lies in pool ${pool.name}, which no L2Advertisement announces`;
  if (about.length > 0 && !services.some((service) => about.some((rule) => isAbout(rule, service)))) {
    const names = about.map(({ rule }) => rule.name).join(', ');
    const shares = services.some(({ address }) => address?.shareKey !== undefined);
    const why = shares
      ? 'its services share an address, which rules with serviceSelectors never announce'
      : 'they select none of its services';
    return `is announced by no L2Advertisement: ${names}: ${why}`;
  }
  if (forwarding === 'nodes' && !services.some(serves)) return 'has no endpoint that serves';
  return undefined;
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
  node: Node | undefined,
  service: ExportedService,
  about: readonly Rule[],
  pool: Pool | undefined,
  forwarding: CandidateQuestion['forwarding'],
): Verdict {
  if (forwarding === 'nodes') {
    if (!serves(service)) return `is not needed by ${service.id}, which has no endpoint that serves`;
    if (isLocal(service) && !servesAt(service, name))
      return `has no ready endpoint of ${service.id} (externalTrafficPolicy Local)`;
  }
  if (about.length === 0 && pool?.byRule !== true) return { node: name, score: 0 };
  const labels = node?.labels ?? {};
  const admitting = about.filter((rule) => isAbout(rule, service) && rule.node(labels));
  if (admitting.length === 0) {
    const names = about.map(({ rule }) => rule.name).join(', ');
    return `is selected by the nodeSelectors of no L2Advertisement of pool ${pool?.name ?? '-'}: ${names}`;
  }
  const preferences = admitting.flatMap((rule) => rule.preferences);
  const score = preferences.reduce((sum, { weight, selects }) => sum + (selects(labels) ? weight : 0), 0);
  const named = admitting.map(({ rule }) => rule.interfaces);
  const interfaces = named.includes(undefined) ? undefined : [...new Set(named.flatMap((list) => list ?? []))].sort();
  return { node: name, score, ...(interfaces === undefined ? {} : { interfaces }) };
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

function isAbout({ service: selects }: Rule, { address, origin }: ExportedService): boolean {
  return selects === undefined || (address?.shareKey === undefined && selects(origin.labels));
}

/** Ready, or serving while it ends, anywhere. */
function serves({ backends }: ExportedService): boolean {
  return Object.values(backends).some(({ targets }) => targets.some(({ state }) => state !== 'gone'));
}

function isLocal({ backends }: ExportedService): boolean {
  return Object.values(backends).some(({ localOnly }) => localOnly === true);
}

function servesAt({ backends }: ExportedService, name: NodeId): boolean {
  return Object.values(backends).some(({ targets }) =>
    targets.some(({ node, state }) => node === name && state === 'ready'),
  );
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

function readRule(rule: AnnounceRule): Rule {
  const { nodeSelectors, serviceSelectors, preferences } = rule;
  return {
    rule,
    node: anyOf(nodeSelectors) ?? (() => true),
    service: anyOf(serviceSelectors),
    preferences: preferences.map(({ weight, selector }) => ({ weight, selects: readSelector(selector) })),
  };
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
