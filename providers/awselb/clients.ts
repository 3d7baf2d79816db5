/**
 * The clients of the AWS SDK, each loaded when it is first used. Every attempt of a call takes a token of its rate class, is counted,
 * and ends in a result or in a WeirError. The only place that knows credentials and endpoints.
 */
import type { ACMClient } from '@aws-sdk/client-acm';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import type { ShieldClient } from '@aws-sdk/client-shield';
import type { STSClient } from '@aws-sdk/client-sts';
import type { WAFV2Client } from '@aws-sdk/client-wafv2';
import type { MetadataBearer, MiddlewareStack } from '@smithy/types';
import { type Context, WeirError } from '../../src/model/index.ts';
import { apiError, isBroken, isSilent, isThrottling } from './api-error.ts';
import { type FreshConnections, freshConnections } from './fresh-connections.ts';
import type { Options } from './options.ts';
import { priorityOf, rateClassOf } from './rates.ts';

export interface ClientParts {
  readonly options: Pick<Options, 'endpoint' | 'profile' | 'assumeRole' | 'externalId'>;
  readonly region: string;
  readonly ctx: Pick<Context, 'limiter' | 'metric' | 'clock'>;
  /** Ends what waits for a token. */
  readonly signal: AbortSignal;
  /** Tries of the SDK for one call, the first included. */
  readonly maxAttempts?: number;
  /** In place of sockets: an emulator in this process. */
  readonly requestHandler?: SdkHandler;
  /** In place of the default chain. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** What the SDK takes for sending requests. */
export type SdkHandler = NonNullable<
  NonNullable<ConstructorParameters<typeof ElasticLoadBalancingV2Client>[0]>['requestHandler']
>;

/** Client → the prefix of its IAM actions. */
const services = {
  elb: 'elasticloadbalancing',
  ec2: 'ec2',
  acm: 'acm',
  tagging: 'tag',
  wafv2: 'wafv2',
  shield: 'shield',
  sts: 'sts',
} as const;

export interface Clients {
  elb(): Promise<ElasticLoadBalancingV2Client>;
  ec2(): Promise<EC2Client>;
  acm(): Promise<ACMClient>;
  tagging(): Promise<ResourceGroupsTaggingAPIClient>;
  wafv2(): Promise<WAFV2Client>;
  shield(): Promise<ShieldClient>;
  sts(): Promise<STSClient>;
  destroy(): void;
}

interface Config {
  readonly region: string;
  readonly maxAttempts: number;
  readonly retryMode: 'standard';
  readonly endpoint?: string;
  readonly profile?: string;
  readonly requestHandler: SdkHandler;
  readonly credentials?: Credentials | (() => Promise<Credentials>);
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export function createClients(parts: ClientParts): Clients {
  const { options, region, maxAttempts = 3 } = parts;
  const timeouts = { connectionTimeout: 5_000, requestTimeout: 30_000 };
  const connections = freshConnections(() => parts.ctx.limiter.mayWrite?.() !== false);
  const { httpAgent, httpsAgent } = connections;
  const plain: Config = {
    region,
    maxAttempts,
    retryMode: 'standard',
    requestHandler: parts.requestHandler ?? { ...timeouts, httpAgent, httpsAgent },
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(parts.credentials === undefined ? {} : { credentials: parts.credentials }),
  };
  const opened: Destroyable[] = [];
  const silence: Silence = { calls: 0 };
  const prepare = <I extends object, O extends MetadataBearer, C extends Destroyable>(
    client: C & { readonly middlewareStack: MiddlewareStack<I, O> },
    service: string,
  ): C => {
    watch(client.middlewareStack, service, parts, connections, silence);
    opened.push(client);
    return client;
  };
  const { assumeRole } = options;
  // Ends its connections when it has asked: it needs some of its own.
  const asking = { ...plain, requestHandler: parts.requestHandler ?? timeouts };
  const config: Config =
    assumeRole === undefined ? plain : { ...plain, credentials: () => assume(assumeRole, asking, options.externalId) };
  return {
    elb: once(async () => {
      const { ElasticLoadBalancingV2Client } = await import('@aws-sdk/client-elastic-load-balancing-v2');
      return prepare(new ElasticLoadBalancingV2Client(config), services.elb);
    }),
    ec2: once(async () => {
      const { EC2Client } = await import('@aws-sdk/client-ec2');
      return prepare(new EC2Client(config), services.ec2);
    }),
    acm: once(async () => {
      const { ACMClient } = await import('@aws-sdk/client-acm');
      return prepare(new ACMClient(config), services.acm);
    }),
    tagging: once(async () => {
      const { ResourceGroupsTaggingAPIClient } = await import('@aws-sdk/client-resource-groups-tagging-api');
      return prepare(new ResourceGroupsTaggingAPIClient(config), services.tagging);
    }),
    wafv2: once(async () => {
      const { WAFV2Client } = await import('@aws-sdk/client-wafv2');
      return prepare(new WAFV2Client(config), services.wafv2);
    }),
    shield: once(async () => {
      const { ShieldClient } = await import('@aws-sdk/client-shield');
      // Shield is a global service with its API in one region.
      return prepare(new ShieldClient({ ...config, region: 'us-east-1' }), services.shield);
    }),
    sts: once(async () => {
      const { STSClient } = await import('@aws-sdk/client-sts');
      return prepare(new STSClient(config), services.sts);
    }),
    destroy() {
      for (const client of opened) client.destroy();
      connections.destroy();
    },
  };
}

/** Credentials of a role, for an hour; the SDK asks again before they end. */
async function assume(RoleArn: string, config: Config, ExternalId: string | undefined): Promise<Credentials> {
  const { STSClient, AssumeRoleCommand } = await import('@aws-sdk/client-sts');
  const client = new STSClient(config);
  try {
    const { Credentials } = await client.send(
      new AssumeRoleCommand({
        RoleArn,
        RoleSessionName: 'weir',
        ...(ExternalId === undefined ? {} : { ExternalId }),
      }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined)
      throw new TypeError(`AssumeRole ${RoleArn} answered without credentials`);
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
      ...(Expiration === undefined ? {} : { expiration: Expiration }),
    };
  } finally {
    client.destroy();
  }
}

interface Destroyable {
  destroy(): void;
}
interface MiddlewareContext {
  readonly commandName?: string;
}

/**
 * What was throttled was not done, and what only reads may be asked again: so often, beyond the tries of the SDK. One call of many that
 * make up a reading must not spoil all of it.
 */
const mostTries = 10;
/** So many calls in a row that nobody answers: the next ones are tried once each, and whoever asks leaves time between. */
const deadCalls = 6;
const firstPauseMs = 250;
const longestPauseMs = 8_000;

/** Calls in a row, of all kinds, that nobody has answered. */
interface Silence {
  calls: number;
}

/** Around an error that the SDK shall not try again: it knows those that pass by their names and causes. */
class Unanswered extends Error {
  readonly of: unknown;

  constructor(of: unknown) {
    super('nobody answers');
    this.of = of;
  }
}

/** Tokens and counts at each attempt, the clear error around all of them. */
function watch<I extends object, O extends MetadataBearer>(
  stack: MiddlewareStack<I, O>,
  service: string,
  { ctx, region, signal }: ClientParts,
  { sending }: FreshConnections,
  silence: Silence,
): void {
  const callOf = ({ commandName = '' }: MiddlewareContext): string => commandName.replace(/Command$/, '');
  stack.add(
    (next, context) => async (args) => {
      const call = callOf(context);
      for (let tries = 1, pauseMs = firstPauseMs; ; tries++, pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
        try {
          return await next(args);
        } catch (thrown) {
          const error = thrown instanceof Unanswered ? thrown.of : thrown;
          const dead = silence.calls >= deadCalls;
          const passing = isThrottling(error) || (rateClassOf(call) === 'read' && isBroken(error) && !dead);
          if (!passing || tries >= mostTries || signal.aborted) throw apiError(error, { service, call, region });
        }
        await ctx.clock.sleep(pauseMs, signal);
      }
    },
    { step: 'initialize', priority: 'high', name: 'weirErrors' },
  );
  stack.add(
    (next, context) => async (args) => {
      const call = callOf(context);
      const rateClass = rateClassOf(call);
      await ctx.limiter.take(rateClass, priorityOf(call), signal);
      const count = (result: string): void =>
        ctx.metric('weir_api_calls_total', 1, { provider: 'awselb', call, result }, 'counter');
      try {
        const answer = await next(args);
        count('ok');
        silence.calls = 0;
        return answer;
      } catch (error) {
        silence.calls = isSilent(error) ? silence.calls + 1 : 0;
        if (isThrottling(error)) ctx.limiter.throttled(rateClass);
        count(isThrottling(error) ? 'throttled' : 'error');
        throw silence.calls >= deadCalls ? new Unanswered(error) : error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'weirLimits' },
  );
  // The last step before the call: what it was let go for may be over since, after a process has stood still above all.
  stack.add(
    (next, context) => async (args) => {
      const call = callOf(context);
      if (rateClassOf(call) === 'read') return next(args);
      const refusal = () =>
        ctx.limiter.mayWrite?.() === false
          ? new WeirError('E_NOT_LEADER', `${call} was not sent: this weir does not lead any more`)
          : undefined;
      const refused = refusal();
      if (refused !== undefined) throw refused;
      return sending(refusal, () => next(args));
    },
    { step: 'deserialize', priority: 'low', name: 'weirGate' },
  );
}

/** Made by the first who asks; after a failure the next one tries again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
