/** What listeners and rules do: forwards, redirects, own answers. Pure, as everything here but the clients and the session. */
import {
  type Attrs,
  backendNamed,
  type ExportedService,
  type Json,
  type Member,
  type MergedAction,
  type Resource,
} from '../../src/model/index.ts';
import { authentication, tellOpen } from './authentication.ts';
import { isMadeHere } from './holders.ts';
import { pointedGroupId } from './names.ts';
import type { RuleOptions } from './rule-options.ts';
import { type Frame, targetGroupOf } from './target-group.ts';
import { tell, tellSetting } from './tell.ts';

/** What a listener or rule does: its attributes, the weighted set, and the target groups that it needs. */
export interface Acting {
  readonly attrs: Attrs;
  readonly forward: ReadonlyMap<string, Member>;
  readonly groups: readonly Resource[];
}

export interface ActWish {
  readonly merged: MergedAction;
  readonly rule?: RuleOptions | undefined;
  readonly listener: { readonly protocol: string; readonly port: number };
  /** Where the action stands, for messages. */
  readonly field: string;
}

/** Answered where nothing else takes a request. */
export const notFound: readonly Json[] = [fixed('404')];
/** Answered where a backend does not exist. */
const unavailable: readonly Json[] = [fixed('503', 'Backend service does not exist')];

function fixed(status: string, body?: string, contentType = 'text/plain'): Json {
  const config = { StatusCode: status, ContentType: contentType, ...(body === undefined ? {} : { MessageBody: body }) };
  return { Type: 'fixed-response', FixedResponseConfig: config };
}

/** The action of a route or default as ELBv2 says it. `Actions` holds what stands before or in place of the forward. */
export function actOf(wish: ActWish, frame: Frame): Acting {
  const { merged, rule, listener } = wish;
  const { service, action } = merged;
  const first = action.type === 'forward' ? action.to[0]?.backend : undefined;
  const asked = authentication(service, first, rule, frame);
  const before = listener.protocol === 'HTTPS' ? asked : { actions: [], attrs: {} };
  if (rule?.redirect !== undefined || action.type === 'redirect') {
    return {
      attrs: { ...before.attrs, Actions: [...before.actions, redirectOf(wish, frame)] },
      forward: new Map(),
      groups: [],
    };
  }
  if (action.type === 'fixed')
    return {
      attrs: { ...before.attrs, Actions: [...before.actions, fixedOf(wish, frame)] },
      forward: new Map(),
      groups: [],
    };
  const { forward, groups } = forwardOf(wish, frame);
  // Of an Ingress its reader tells it.
  if (asked !== before && asked.actions.length > 0 && service.origin.kind !== 'Ingress')
    frame.build.warn(tellOpen(service, listener.port));
  if (forward.size === 0)
    return { attrs: { ...before.attrs, Actions: [...before.actions, ...unavailable] }, forward, groups };
  const sticky =
    rule?.stickySeconds === undefined
      ? {}
      : { TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: rule.stickySeconds } };
  return {
    attrs: { ...before.attrs, ...(before.actions.length === 0 ? {} : { Actions: before.actions }), ...sticky },
    forward,
    groups,
  };
}

function forwardOf(
  { merged: { service, action }, rule, listener, field }: ActWish,
  frame: Frame,
): Pick<Acting, 'forward' | 'groups'> {
  const forward = new Map<string, Member>();
  const groups: Resource[] = [];
  const add = (id: string, weight: number): void => {
    const before = forward.get(id)?.attrs.Weight;
    forward.set(id, { attrs: { Weight: (typeof before === 'number' ? before : 0) + weight } });
  };
  const to = action.type === 'forward' ? action.to : [];
  const most = Math.max(0, ...to.map(({ weight }) => weight));
  for (const { backend: key, weight } of to) {
    const backend = backendNamed(service, key);
    if (backend === undefined) continue;
    const group = targetGroupOf({ service, key, backend, listener: listener.protocol, port: listener.port }, frame);
    groups.push(group);
    // ELBv2 weighs from 0 to 999; a share that there is stays one.
    add(group.id, most > 999 && weight > 0 ? Math.max(1, Math.round((weight * 999) / most)) : weight);
  }
  for (const { targetGroup, weight } of rule?.targetGroups ?? []) {
    const group = foreignGroupOf(service, targetGroup, [], field, frame);
    groups.push(group);
    add(group.id, weight);
  }
  if (forward.size > 5) {
    const message = `one action forwards to 5 target groups at most, ${forward.size} are asked for; use fewer`;
    frame.build.refuse(service, tell(service, 'E_QUOTA', field, forward.size, message));
  }
  const [only] = forward;
  if (forward.size === 1 && only !== undefined && only[1].attrs.Weight !== 0)
    forward.set(only[0], { attrs: { Weight: 1 } });
  return { forward, groups };
}

/** A target group of somebody else that gets a share: pointed at, and otherwise left alone. */
export function foreignGroupOf(
  service: ExportedService,
  named: string,
  path: readonly (string | number)[],
  field: string,
  { build, unit }: Pick<Frame, 'build' | 'unit'>,
): Resource {
  const { TargetGroups, Searched } = build.environment;
  const found = TargetGroups.find((one) => one.TargetGroupArn === named || one.TargetGroupName === named);
  if (found === undefined && (Searched === true || TargetGroups.length > 0 || !named.startsWith('arn:'))) {
    const message = 'there is no such target group; give the ARN or name of one that exists';
    const told =
      path.length === 0
        ? tell(service, 'E_DISCOVERY', field, named, message)
        : tellSetting(service, 'E_DISCOVERY', path, named, message);
    build.refuse(service, told);
  }
  const TargetGroupArn = found?.TargetGroupArn ?? named;
  if (isMadeHere(TargetGroupArn, build.cluster, build.environment, build.present)) {
    const message =
      'weir makes this target group itself, for the Service or Ingress behind its load balancer; forward to that Service instead';
    const told =
      path.length === 0
        ? tell(service, 'E_FIELD_VALUE', field, named, message)
        : tellSetting(service, 'E_FIELD_VALUE', path, named, message);
    build.refuse(service, told);
  }
  const id = pointedGroupId(TargetGroupArn);
  return {
    kind: 'TargetGroup',
    id,
    unit,
    serves: [service.id],
    attrs: { Foreign: true, TargetGroupArn },
    refs: {},
    sets: {},
  };
}

function redirectOf({ merged: { service, action }, rule, field }: ActWish, { build }: Frame): Json {
  const own = rule?.redirect ?? {};
  const plain = action.type === 'redirect' ? action : undefined;
  const scheme = plain?.scheme?.toUpperCase();
  const port =
    plain?.port === undefined
      ? scheme === undefined
        ? undefined
        : scheme === 'HTTPS'
          ? '443'
          : '80'
      : String(plain.port);
  const config = {
    Protocol: own.protocol ?? scheme ?? '#{protocol}',
    Host: own.host ?? plain?.host ?? '#{host}',
    Port: own.port ?? port ?? '#{port}',
    Path: own.path ?? plain?.path ?? '/#{path}',
    Query: own.query ?? '#{query}',
    StatusCode: own.statusCode ?? `HTTP_${plain?.code ?? 301}`,
  };
  if (config.StatusCode !== 'HTTP_301' && config.StatusCode !== 'HTTP_302') {
    build.refuse(
      service,
      tell(
        service,
        'E_FEATURE',
        `${field}.code`,
        plain?.code,
        'an application load balancer redirects with 301 or 302; use one of them',
      ),
    );
  }
  const { Protocol, Host, Port, Path } = config;
  if (`${Protocol} ${Host} ${Port} ${Path}` === '#{protocol} #{host} #{port} /#{path}') {
    build.refuse(
      service,
      tell(
        service,
        'E_FIELD_VALUE',
        field,
        config.Query,
        'the redirect leads to itself; change protocol, host, port or path',
      ),
    );
  }
  return { Type: 'redirect', RedirectConfig: config };
}

const contentTypes = ['text/plain', 'text/css', 'text/html', 'application/javascript', 'application/json'];

function fixedOf({ merged: { service, action }, field }: ActWish, { build }: Frame): Json {
  if (action.type !== 'fixed') return unavailable[0] ?? null;
  const { status, body, contentType = 'text/plain' } = action;
  if (!/^[245]\d\d$/.test(String(status))) {
    build.refuse(
      service,
      tell(
        service,
        'E_FEATURE',
        `${field}.status`,
        status,
        'an application load balancer answers 2xx, 4xx or 5xx itself; choose such a status',
      ),
    );
  }
  if (!contentTypes.includes(contentType)) {
    build.refuse(
      service,
      tell(
        service,
        'E_FEATURE',
        `${field}.contentType`,
        contentType,
        `an application load balancer answers as ${contentTypes.join(', ')}`,
      ),
    );
  }
  if (body !== undefined && body.length > 1024) {
    build.refuse(
      service,
      tell(
        service,
        'E_FEATURE',
        `${field}.body`,
        body,
        `an own answer has 1,024 characters at most, not ${body.length}`,
      ),
    );
  }
  return fixed(String(status), body === '' ? undefined : body, contentType);
}
