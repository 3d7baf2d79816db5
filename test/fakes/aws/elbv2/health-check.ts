/** Health checks of target groups: defaults by protocol and what does not fit together (API reference, CreateTargetGroup). */
import type { Matcher } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { HealthCheck, TargetGroup } from './state.ts';

interface Asked extends Partial<Omit<{ [Key in keyof HealthCheck]: HealthCheck[Key] | undefined }, 'Matcher'>> {
  readonly Matcher?: Given<Matcher> | undefined;
}

const http = new Set(['HTTP', 'HTTPS']);

export function makeCheck(
  asked: Asked,
  group: Pick<TargetGroup, 'TargetType' | 'Protocol' | 'ProtocolVersion'>,
  before?: HealthCheck,
): HealthCheck {
  const layer7 = group.Protocol === undefined || http.has(group.Protocol);
  const lambda = group.TargetType === 'lambda';
  const Protocol =
    asked.HealthCheckProtocol ?? before?.HealthCheckProtocol ?? (lambda ? undefined : defaultProtocol(group));
  if (Protocol !== undefined) checkProtocol(Protocol, group);
  const overHttp = lambda || http.has(Protocol ?? '');
  // A check that turns from HTTP to TCP forgets path and matcher.
  const kept = before === undefined || before.HealthCheckProtocol === Protocol || overHttp ? before : undefined;
  const Path =
    asked.HealthCheckPath ??
    kept?.HealthCheckPath ??
    (overHttp ? (group.ProtocolVersion === 'GRPC' ? '/AWS.ALB/healthcheck' : '/') : undefined);
  const Matcher = matcherOf(asked, group, { overHttp, layer7, kept: kept?.Matcher });
  if (!overHttp && asked.HealthCheckPath !== undefined) {
    refuse('InvalidConfigurationRequest', `A health check path cannot be specified for the protocol '${Protocol}'`);
  }
  const Interval =
    asked.HealthCheckIntervalSeconds ??
    before?.HealthCheckIntervalSeconds ??
    (lambda ? 35 : group.Protocol === 'GENEVE' ? 10 : 30);
  const Timeout =
    asked.HealthCheckTimeoutSeconds ?? before?.HealthCheckTimeoutSeconds ?? defaultTimeout(group, overHttp);
  if (Timeout > Interval) {
    refuse(
      'ValidationError',
      `Health check timeout '${Timeout}' must be smaller than or equal to the interval '${Interval}'`,
    );
  }
  const Port = asked.HealthCheckPort ?? before?.HealthCheckPort ?? (lambda ? undefined : 'traffic-port');
  if (
    Port !== undefined &&
    Port !== 'traffic-port' &&
    !(/^\d+$/.test(Port) && Number(Port) >= 1 && Number(Port) <= 65535)
  ) {
    refuse('ValidationError', `Health check port '${Port}' must be 'traffic-port' or a number between 1 and 65535`);
  }
  const Enabled = asked.HealthCheckEnabled ?? before?.HealthCheckEnabled ?? !lambda;
  if (!Enabled && !lambda)
    refuse('InvalidConfigurationRequest', `Health checks must be enabled for target type '${group.TargetType}'`);
  return {
    HealthCheckProtocol: Protocol,
    HealthCheckPort: Port,
    HealthCheckEnabled: Enabled,
    HealthCheckIntervalSeconds: Interval,
    HealthCheckTimeoutSeconds: Timeout,
    HealthyThresholdCount: asked.HealthyThresholdCount ?? before?.HealthyThresholdCount ?? 5,
    UnhealthyThresholdCount: asked.UnhealthyThresholdCount ?? before?.UnhealthyThresholdCount ?? 2,
    HealthCheckPath: Path,
    Matcher,
  };
}

function defaultProtocol(group: Pick<TargetGroup, 'TargetType' | 'Protocol'>): string {
  if (group.TargetType === 'alb' || http.has(group.Protocol ?? '')) return 'HTTP';
  return 'TCP';
}

function defaultTimeout(group: Pick<TargetGroup, 'TargetType' | 'Protocol'>, overHttp: boolean): number {
  if (group.TargetType === 'lambda') return 30;
  if (http.has(group.Protocol ?? '') || group.Protocol === 'GENEVE') return 5;
  return overHttp ? 6 : 10;
}

function checkProtocol(protocol: string, group: Pick<TargetGroup, 'TargetType' | 'Protocol'>): void {
  if (!http.has(protocol) && protocol !== 'TCP') {
    refuse('ValidationError', `Health check protocol '${protocol}' must be one of 'HTTP', 'HTTPS', 'TCP'`);
  }
  if (protocol === 'TCP' && (http.has(group.Protocol ?? '') || group.TargetType === 'alb')) {
    refuse(
      'InvalidConfigurationRequest',
      `Health check protocol 'TCP' is not supported for target groups with protocol '${group.Protocol}'`,
    );
  }
}

function matcherOf(
  asked: Asked,
  group: Pick<TargetGroup, 'ProtocolVersion'>,
  { overHttp, layer7, kept }: { overHttp: boolean; layer7: boolean; kept: Given<Matcher> | undefined },
): Given<Matcher> | undefined {
  const given = asked.Matcher;
  if (given === undefined) {
    if (!overHttp) return undefined;
    if (kept !== undefined) return kept;
    if (group.ProtocolVersion === 'GRPC') return { GrpcCode: '12' };
    return { HttpCode: layer7 ? '200' : '200-399' };
  }
  if (!overHttp) refuse('InvalidConfigurationRequest', 'A matcher cannot be specified for TCP health checks');
  const grpc = group.ProtocolVersion === 'GRPC';
  if (grpc && given.HttpCode !== undefined)
    refuse('InvalidConfigurationRequest', 'HttpCode cannot be specified for the protocol version GRPC');
  if (!grpc && given.GrpcCode !== undefined)
    refuse('InvalidConfigurationRequest', 'GrpcCode needs the protocol version GRPC');
  const codes = grpc ? given.GrpcCode : given.HttpCode;
  const [least, most] = grpc ? [0, 99] : [200, layer7 ? 499 : 599];
  const parts = (codes ?? '').split(',').flatMap((part) => part.split('-'));
  if (
    codes === undefined ||
    !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(codes) ||
    parts.some((part) => Number(part) < least || Number(part) > most)
  ) {
    refuse('ValidationError', `Health check matcher code '${codes}' must be within '${least}-${most}' inclusive`);
  }
  return given;
}
