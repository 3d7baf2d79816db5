import type {
  Action,
  CreateListenerCommandInput,
  ModifyListenerCommandInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Attrs, Handle, HandleRef, Member, Step } from '../../src/model/index.ts';
import type { Call, View, Work } from './apply-call.ts';
import { attributesOf, fieldsOf, handleOf, isEmpty, isObject, membersAfter, tagsOf, withTags } from './apply-codec.ts';
import { actsOf, secretChanged, secretTags, writeActions } from './apply-forward.ts';
import { elbTags } from './apply-tags.ts';
import { unusual } from './default-attributes.ts';
import { formerCertificates } from './former-certificates.ts';
import { type GivingBack, givingBackOf } from './former-forward.ts';
import { formerSecurity } from './former-security.ts';
import { steppedBack } from './known.ts';

export function listenerWork(step: Step, view: View): Work {
  const givingBack = step.op === 'delete' && view.now !== undefined ? givingBackOf(view.now) : undefined;
  switch (step.op) {
    case 'create':
      return created(step, view);
    case 'update':
      return { rest: (handle) => updated(handle, step, view) };
    case 'add':
    case 'set':
    case 'remove':
      if (step.set === 'Tags') return elbTags(step);
      if (step.set === 'Certificates') return { rest: (handle) => certificatesChanged(handle, step, view) };
      return { rest: (handle) => forwardChanged(handle, step, view) };
    case 'delete':
      if (givingBack !== undefined) return { rest: (handle) => givenBack(handle, view, givingBack) };
      return { rest: (ListenerArn) => [{ name: 'DeleteListener', input: { ListenerArn } }] };
    default:
      return { rest: () => [] };
  }
}

/** It and rules of others stay, and what no rule takes is sent to whom it was sent before, or to nobody of ours. */
function givenBack(ListenerArn: Handle, { now }: View, how: GivingBack): readonly Call[] {
  const { TargetGroupArn: only } = now?.refs ?? {};
  const groups = [...(only === undefined ? [] : [only]), ...(now?.sets.TargetGroups?.keys() ?? [])];
  const there = typeof how === 'object' ? groups.every((group) => group === how.to) : how === 'leave';
  const turns = typeof how === 'object' ? groups.length === 0 || !there : groups.length > 0 && !there;
  const FixedResponseConfig = { StatusCode: '404', ContentType: 'text/plain' };
  const DefaultActions: Action[] =
    typeof how === 'object'
      ? [{ Type: 'forward', TargetGroupArn: how.to }]
      : [{ Type: 'fixed-response', FixedResponseConfig }];
  const TagKeys = [...(now?.sets.Tags?.keys() ?? [])].filter((key) => /^(elbv2|service|ingress)\.k8s\.aws\//.test(key));
  const { main, gone } = now === undefined ? { main: undefined, gone: [] } : formerCertificates(now);
  const former = now === undefined ? {} : formerSecurity(now);
  const secured = security(former, now?.attrs.Protocol);
  const Certificates = main === undefined ? {} : { Certificates: [{ CertificateArn: main }] };
  const input = { ListenerArn, ...(turns ? { DefaultActions } : {}), ...Certificates, ...secured };
  return [
    ...(turns || main !== undefined || Object.keys(secured).length > 0
      ? [{ name: 'ModifyListener' as const, input }]
      : []),
    ...certificatesRemoved(ListenerArn, gone),
    ...(TagKeys.length === 0 ? [] : [{ name: 'RemoveTags' as const, input: { ResourceArns: [ListenerArn], TagKeys } }]),
  ];
}

function isSecure(protocol: unknown): boolean {
  return protocol === 'HTTPS' || protocol === 'TLS';
}

function created({ attrs = {}, refs = {}, sets = {} }: Step, view: View): Work {
  const { main, others } = certificates(sets.Certificates ?? []);
  const groups = new Map((sets.TargetGroups ?? []).map(([handle, member]) => [String(handle), member]));
  const group = refs.TargetGroupArn;
  const input: CreateListenerCommandInput = {
    ...fieldsOf<CreateListenerCommandInput>(attrs, 'Port', 'Protocol', 'SslPolicy', 'AlpnPolicy'),
    ...(isObject(attrs.MutualAuthentication) && attrs.MutualAuthentication.Mode !== 'off'
      ? fieldsOf<CreateListenerCommandInput>(attrs, 'MutualAuthentication')
      : {}),
    LoadBalancerArn: refOf(refs.LoadBalancerArn),
    ...(main === undefined ? {} : { Certificates: [{ CertificateArn: main }] }),
    DefaultActions: writeActions(
      actsOf(attrs, groups, group === undefined || group === null ? undefined : refOf(group), view),
    ),
    ...withTags([...tagsOf(sets.Tags), ...secretTags(attrs)]),
  };
  return {
    create: { name: 'CreateListener', input },
    rest: (handle) => [...certificatesAdded(handle, others), ...attributesChanged(handle, unusual('Listener', attrs))],
  };
}

/** In plans that are only counted, what earlier steps make has no handle yet. */
function refOf(ref: HandleRef | null | undefined): Handle {
  return typeof ref === 'number' ? String(ref) : handleOf(ref, 'a listener');
}

const plain = ['Protocol', 'SslPolicy', 'AlpnPolicy', 'MutualAuthentication'] as const;
const acting = ['DefaultActions', 'TargetGroupStickinessConfig', 'ClientSecret'] as const;

function updated(ListenerArn: Handle, step: Step, view: View): readonly Call[] {
  const { attrs = {}, refs = {} } = step;
  const { now } = view;
  const next = { ...now?.attrs, ...attrs };
  const secure = isSecure(next.Protocol) || now === undefined;
  const becomes = now !== undefined && secure && !isSecure(now.attrs.Protocol);
  const { main, others } = becomes
    ? certificates([...(now?.sets.Certificates ?? [])])
    : { main: undefined, others: [] };
  const turned = 'TargetGroupArn' in refs || acting.some((name) => attrs[name] !== undefined);
  const group = 'TargetGroupArn' in refs ? refs.TargetGroupArn : now?.refs.TargetGroupArn;
  const DefaultActions = turned
    ? writeActions(
        actsOf(
          next,
          now?.sets.TargetGroups ?? new Map(),
          group === undefined || group === null ? undefined : refOf(group),
          view,
        ),
      )
    : undefined;
  const changed = plain.some((name) => attrs[name] !== undefined);
  const fields: ModifyListenerCommandInput = {
    ListenerArn,
    ...fieldsOf<Partial<ModifyListenerCommandInput>>(attrs, 'Protocol'),
    ...(secure ? security(becomes ? next : attrs, next.Protocol) : {}),
    ...(main === undefined ? {} : { Certificates: [{ CertificateArn: main }] }),
    ...(DefaultActions === undefined ? {} : { DefaultActions }),
  };
  const calls: readonly Call[] =
    changed || DefaultActions !== undefined || (turned && now === undefined)
      ? [{ name: 'ModifyListener', input: fields }]
      : [];
  return [
    ...calls,
    ...certificatesAdded(ListenerArn, others),
    ...attributesChanged(ListenerArn, attrs),
    ...secretChanged(ListenerArn, step),
  ];
}

/** An empty policy is said by a word of its own. */
function security(attrs: Attrs, protocol: unknown): Partial<ModifyListenerCommandInput> {
  return {
    ...fieldsOf<Partial<ModifyListenerCommandInput>>(attrs, 'SslPolicy', 'MutualAuthentication'),
    ...(attrs.AlpnPolicy === undefined || protocol === 'HTTPS'
      ? {}
      : isEmpty(attrs.AlpnPolicy)
        ? { AlpnPolicy: ['None'] }
        : fieldsOf<Partial<ModifyListenerCommandInput>>(attrs, 'AlpnPolicy')),
  };
}

function forwardChanged(ListenerArn: Handle, { members }: Step, view: View): readonly Call[] {
  const { now } = view;
  const groups = membersAfter(now?.sets.TargetGroups, members);
  const DefaultActions = writeActions(actsOf(now?.attrs ?? {}, groups, now?.refs.TargetGroupArn, view));
  if (now !== undefined && DefaultActions === undefined) return [];
  return [{ name: 'ModifyListener', input: { ListenerArn, DefaultActions } }];
}

/**
 * The default one goes with ModifyListener, each other in a call of its own. A default one that is replaced is served no more unless it is added:
 * one that steps back waits for its successor. A listener that does not speak TLS yet gets its certificates when it does.
 */
function certificatesChanged(ListenerArn: Handle, { members = [] }: Step, { now }: View): readonly Call[] {
  if (now !== undefined && !isSecure(now.attrs.Protocol)) return [];
  const known = now?.sets.Certificates ?? new Map<string, Member>();
  const defaults = [...known].flatMap(([arn, { attrs }]) => (attrs.IsDefault === true ? [arn] : []));
  const kept = members.flatMap(([arn, member]): [string, Member][] => (member === null ? [] : [[String(arn), member]]));
  const removed = members.flatMap(([arn, member]) => (member === null ? [String(arn)] : []));
  const [main] = kept.find(([, { attrs }]) => attrs.IsDefault === true) ?? [];
  const others = kept.map(([arn]) => arn).filter((arn) => arn !== main);
  const back =
    now === undefined
      ? ['']
      : [...known].flatMap(([arn, member]) => (member === steppedBack && !removed.includes(arn) ? [arn] : []));
  const isOnly = (arn: string): boolean => defaults.length === 1 && defaults[0] === arn;
  const gone = removed.filter((arn) => !isOnly(arn));
  return [
    ...(main === undefined
      ? []
      : [{ name: 'ModifyListener' as const, input: { ListenerArn, Certificates: [{ CertificateArn: main }] } }]),
    ...certificatesAdded(
      ListenerArn,
      main === undefined
        ? others.filter((arn) => !isOnly(arn))
        : [...new Set([...others, ...back])].filter((arn) => arn !== main),
    ),
    ...certificatesRemoved(ListenerArn, gone),
  ];
}

function certificatesRemoved(ListenerArn: Handle, arns: readonly string[]): readonly Call[] {
  return arns.map((CertificateArn) => ({
    name: 'RemoveListenerCertificates',
    input: { ListenerArn, Certificates: [{ CertificateArn }] },
  }));
}

function certificates(members: readonly (readonly [HandleRef, Member])[]) {
  const main = members.find(([, { attrs }]) => attrs.IsDefault === true) ?? members[0];
  const others = members.filter((one) => one !== main).map(([arn]) => String(arn));
  return { main: main === undefined ? undefined : String(main[0]), others };
}

/** ELBv2 takes one certificate a call. */
function certificatesAdded(ListenerArn: Handle, arns: readonly string[]): readonly Call[] {
  return arns.map((CertificateArn) => ({
    name: 'AddListenerCertificates',
    input: { ListenerArn, Certificates: [{ CertificateArn }] },
  }));
}

function attributesChanged(ListenerArn: Handle, attrs: Attrs): readonly Call[] {
  const Attributes = [...attributesOf(attrs)];
  return Attributes.length === 0 ? [] : [{ name: 'ModifyListenerAttributes', input: { ListenerArn, Attributes } }];
}
