import type {
  CreateTargetGroupCommandInput,
  ModifyTargetGroupCommandInput,
  TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Attrs, Handle, HandleRef, Member, Step } from '../../src/model/index.ts';
import type { Call, View, Work } from './apply-call.ts';
import { attributesOf, chunks, fieldsOf, tagsOf, withTags } from './apply-codec.ts';
import { elbTags } from './apply-tags.ts';
import { unusual } from './default-attributes.ts';
import { targetBatch } from './kinds.ts';
import { bindingGroupId, groupArn, isFilledGroup } from './names.ts';

const health = [
  'HealthCheckEnabled',
  'HealthCheckProtocol',
  'HealthCheckPort',
  'HealthCheckPath',
  'HealthCheckIntervalSeconds',
  'HealthCheckTimeoutSeconds',
  'HealthyThresholdCount',
  'UnhealthyThresholdCount',
  'Matcher',
] as const;

export function targetGroupWork(step: Step, view: View): Work {
  const { op, attrs = {}, sets = {}, members = [] } = step;
  switch (op) {
    case 'create':
      if (attrs.Foreign === true) return { existing: foreignHandle(step), rest: () => [] };
      return {
        create: {
          name: 'CreateTargetGroup',
          input: {
            ...fieldsOf<CreateTargetGroupCommandInput>(
              attrs,
              'Name',
              'TargetType',
              'Protocol',
              'ProtocolVersion',
              'Port',
              'VpcId',
              'IpAddressType',
              ...health,
            ),
            ...withTags(tagsOf(sets.Tags)),
          },
        },
        rest: (handle) => attributesChanged(handle, unusual('TargetGroup', attrs)),
      };
    case 'update':
      return {
        rest: (handle) => [...healthChanged(handle, attrs), ...attributesChanged(handle, attrs)],
      };
    case 'add':
    case 'set':
    case 'remove':
      return step.set === 'Tags'
        ? elbTags(step)
        : { rest: (handle) => targetsChanged(groupArn(handle), members, view) };
    case 'delete':
      return { rest: (handle) => deleted(groupArn(handle), step, view) };
    default:
      return { rest: () => [] };
  }
}

function foreignHandle({ id, attrs = {} }: Step): Handle {
  const arn = String(attrs.TargetGroupArn);
  return id === bindingGroupId(arn) ? id : arn;
}

function healthChanged(TargetGroupArn: Handle, attrs: Attrs): readonly Call[] {
  const fields = fieldsOf<ModifyTargetGroupCommandInput>(attrs, ...health);
  return Object.keys(fields).length === 0 ? [] : [{ name: 'ModifyTargetGroup', input: { ...fields, TargetGroupArn } }];
}

function attributesChanged(TargetGroupArn: Handle, attrs: Attrs): readonly Call[] {
  const Attributes = [...attributesOf(attrs)];
  return Attributes.length === 0
    ? []
    : [{ name: 'ModifyTargetGroupAttributes', input: { TargetGroupArn, Attributes } }];
}

type Members = readonly (readonly [HandleRef, Member | null])[];

function targetsChanged(TargetGroupArn: Handle, members: Members, { now }: View): readonly Call[] {
  const added = members.flatMap(([key, member]) => (member === null ? [] : [targetOf(String(key), member)]));
  const removed = members.flatMap(([key, member]) =>
    member === null ? [targetOf(String(key), now?.sets.Targets?.get(String(key)))] : [],
  );
  return [
    ...chunks(added, targetBatch).map(
      (Targets): Call => ({
        name: 'RegisterTargets',
        input: { TargetGroupArn, Targets },
      }),
    ),
    ...deregistered(TargetGroupArn, removed),
  ];
}

function deregistered(TargetGroupArn: Handle, targets: readonly TargetDescription[]): readonly Call[] {
  return chunks(targets, targetBatch).map(
    (Targets): Call => ({
      name: 'DeregisterTargets',
      input: { TargetGroupArn, Targets },
    }),
  );
}

/** Somebody else's group stays; only our targets go. */
function deleted(TargetGroupArn: Handle, { id }: Step, { now, registered }: View): readonly Call[] {
  if (id.startsWith('pointed|')) return [];
  if (!isFilledGroup(id)) return [{ name: 'DeleteTargetGroup', input: { TargetGroupArn } }];
  const ours = [...(now?.sets.Targets ?? [])].filter(([key]) => registered?.has(key) !== false);
  const targets = ours.map(([key, member]) => targetOf(key, member));
  return deregistered(TargetGroupArn, targets);
}

/** `10.0.0.7:8080`, `[2001:db8::7]:8080`, `i-0abc:30080`. */
function targetOf(key: string, member: Member | undefined): TargetDescription {
  const cut = key.lastIndexOf(':');
  const zone = member?.attrs.AvailabilityZone;
  return {
    Id: key.slice(0, cut).replaceAll(/[[\]]/g, ''),
    Port: Number(key.slice(cut + 1)),
    ...(typeof zone === 'string' ? { AvailabilityZone: zone } : {}),
  };
}
