import type { Backend, FieldPath, Front } from '../../model/index.ts';
import { accept, parseName } from '../../net/index.ts';
import type { Intent, PeerContext, PeerFinding, PeerResource } from '../reader.ts';
import { fieldOf, recordOf, textOf } from './fields.ts';
import { identityOf, targetsOf } from './group-target.ts';
import { Settings } from './settings.ts';
import { parseValue } from './value.ts';
import { idOrName, nodeLabels, targetGroupArn } from './words.ts';

/** group/Kind of what binds a Service to a target group that somebody else made. */
export const bindingKind = 'elbv2.k8s.aws/TargetGroupBinding';

/** Labels that the peer's controller puts on the bindings that it makes itself. */
const controllerLabels = ['service.k8s.aws/', 'ingress.k8s.aws/', 'gateway.k8s.aws/'];

/** Whether the peer's controller made the object: then it says what that controller did, and is nobody's wish. */
export function isControllerMade(binding: Pick<PeerResource, 'meta'>): boolean {
  return Object.keys(binding.meta.labels).some((key) => controllerLabels.some((prefix) => key.startsWith(prefix)));
}

/** A binding of a user: a service without a load balancer, whose targets fill a target group that exists. */
export function readTargetGroupBinding(binding: PeerResource, context: PeerContext): Intent | undefined {
  if (isControllerMade(binding)) return undefined;
  const spec = recordOf(binding.spec);
  const tell = (code: PeerFinding['code'], path: FieldPath, reason: string, value?: unknown): undefined => {
    context.tell({ code, path: ['spec', ...path], reason: `${reason}; the binding is not served until then`, value });
  };
  const group = groupOf(spec);
  if (!group.ok) return tell('E_FIELD_VALUE', [group.field], group.reason, group.value);
  const kind = textOf(fieldOf(spec, 'targetType')) ?? 'instance';
  if (kind !== 'ip' && kind !== 'instance')
    return tell('E_FIELD_VALUE', ['targetType'], 'must be instance or ip', kind);
  for (const field of ['multiClusterTargetGroup', 'iamRoleArnToAssume'] as const) {
    const value = fieldOf(spec, field);
    if (value !== undefined && value !== false && value !== '')
      return tell(
        'E_FEATURE',
        [field],
        'is not supported: one cluster and the account of weir alone fill a target group',
        textOf(value),
      );
  }
  const ref = recordOf(fieldOf(spec, 'serviceRef'));
  const name = parseName(fieldOf(ref, 'name'));
  if (!name.ok) return tell(name.code, ['serviceRef', 'name'], name.reason, fieldOf(ref, 'name'));
  const service = context.service(name.value);
  if (service === undefined)
    return tell(
      'E_BACKEND_MISSING',
      ['serviceRef', 'name'],
      'names a Service that does not exist in the namespace',
      name.value,
    );
  const written = textOf(fieldOf(ref, 'port')) ?? '';
  const port = service.ports.find((one) => String(one.port) === written || (one.name !== '' && one.name === written));
  if (port === undefined)
    return tell(
      'E_BACKEND_MISSING',
      ['serviceRef', 'port'],
      `names a port that Service ${name.value} does not have`,
      written,
    );
  const labels = labelsOf(fieldOf(spec, 'nodeSelector'));
  if (!labels.ok) return tell('E_FEATURE', ['nodeSelector'], labels.reason);
  const backend = targetsOf(service, port, kind, ['spec', 'serviceRef', 'port'], context);
  if (backend === undefined) return undefined;
  const settings = new Settings();
  const path = ['backends', port.key];
  settings.set([...path, 'targetGroup'], group.value, `spec.${group.field}`);
  if (labels.value !== undefined) settings.set([...path, 'nodeLabels'], labels.value, 'spec.nodeSelector');
  const family = textOf(fieldOf(spec, 'ipAddressType'));
  if (family === 'ipv4' || family === 'ipv6') settings.set([...path, 'ipAddressType'], family, 'spec.ipAddressType');
  settings.set([...path, 'identity'], identityOf(service, port, written));
  const backends = new Map<string, Backend>([[port.key, { ...backend, protocol: port.transport }]]);
  // Nothing listens: the front says which targets are meant, and the provider makes no listener of it.
  const front: Front = {
    key: port.key,
    port: port.port,
    protocol: port.transport,
    routes: [],
    default: { type: 'forward', to: [{ backend: port.key, weight: 1 }] },
  };
  return { fronts: [front], backends, settings: settings.settings, settingsOrigin: settings.settingsOrigin };
}

type Group =
  | { readonly ok: true; readonly field: string; readonly value: string }
  | { readonly ok: false; readonly field: string; readonly reason: string; readonly value: unknown };

function groupOf(spec: Readonly<Record<string, unknown>>): Group {
  const field = fieldOf(spec, 'targetGroupARN') === undefined ? 'targetGroupName' : 'targetGroupARN';
  const value = fieldOf(spec, field);
  if (value === undefined)
    return { ok: false, field: 'targetGroupARN', reason: 'is missing, and targetGroupName too; write one', value };
  const parsed = parseValue(field === 'targetGroupARN' ? targetGroupArn : idOrName, value);
  const shown = typeof value === 'object' ? undefined : value;
  return parsed.ok
    ? { ok: true, field, value: parsed.value }
    : { ok: false, field, reason: parsed.reason, value: shown };
}

/** Labels that nodes must have. */
function labelsOf(selector: unknown) {
  if (selector === undefined) return accept(undefined);
  const fields = recordOf(selector);
  if (fieldOf(fields, 'matchExpressions') !== undefined)
    return { ok: false, reason: 'is read with matchLabels only; write the labels that the nodes must have' } as const;
  const labels = Object.entries(recordOf(fieldOf(fields, 'matchLabels')));
  if (labels.length === 0) return accept(undefined);
  const text = labels.map(([key, value]) => `${key}=${textOf(value) ?? ''}`).join(',');
  return parseValue(nodeLabels, text);
}
