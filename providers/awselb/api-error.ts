/** What AWS answers when it does not do what it is asked, as an error that names the cause and the remedy. */
import { type ErrorCode, WeirError } from '../../src/model/index.ts';

export interface Called {
  /** Prefix of IAM actions: elasticloadbalancing, ec2, acm … */
  readonly service: string;
  readonly call: string;
  readonly region: string;
}

const throttled = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'PriorRequestNotComplete',
  'SlowDown',
]);
const refusedAccess = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'AuthorizationError',
  'UnauthorizedAccess',
]);
const staleCredentials = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired']);
/** The SDK's own: nothing was sent. */
const noCredentials = new Set(['CredentialsProviderError', 'TokenProviderError']);
const badCredentials = new Set([
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'AuthFailure',
  'InvalidAccessKeyId',
  'MissingAuthenticationToken',
  'OptInRequired',
]);
const skewed = new Set(['RequestTimeTooSkewed', 'RequestInTheFuture']);
const signatures = new Set(['SignatureDoesNotMatch', 'InvalidSignatureException', 'IncompleteSignature']);
const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'TimeoutError',
]);
/** Passes by itself: something that was just made is not seen everywhere, or something that was deleted is. */
const settling =
  /NotFound(Exception)?$|^ResourceInUse$|^DependencyViolation$|^Invalid\w+\.NotFound$|^IncompatibleInstances$|^WAFUnavailableEntity/;
/** The API's codes for limits. */
const quota = /^TooMany(?!Requests)|LimitExceeded|^TargetGroupAssociationLimit$|^RulesPerSecurityGroupLimit|^WAFLimits/;

export function isThrottling(error: unknown): boolean {
  return throttled.has(nameOf(error));
}

/** Whether the connection broke on the way, so that nobody knows whether the call was done. */
export function isBroken(error: unknown): boolean {
  return causes(error).some((name) => unreachable.has(name) && name !== 'ENOTFOUND' && name !== 'ECONNREFUSED');
}

/** Whether nobody answered, or somebody before the API who could not reach it either. */
export function isSilent(error: unknown): boolean {
  return causes(error).some((name) => unreachable.has(name)) || statusOf(error) >= 500;
}

/** Whether the API says that an object is not there. */
export function isNotFound(error: unknown): boolean {
  const cause = error instanceof WeirError ? error.cause : error;
  return /NotFound(Exception)?$/.test(nameOf(cause));
}

/** The API's code, e.g. `DuplicateListener`; '' for what is no answer of it. */
export function apiCode(error: unknown): string {
  return nameOf(error instanceof WeirError ? error.cause : error);
}

/** One clear error for everything that a call of the SDK can end in. An abort stays what it is. */
export function apiError(error: unknown, called: Called): unknown {
  if (error instanceof WeirError) return error;
  const name = nameOf(error);
  if (name === 'AbortError') return error;
  const text = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ').trim() : String(error);
  const [code, message, hint] = verdict(name, causes(error), text, called, statusOf(error));
  return new WeirError(code, message, { cause: error, ...(hint === undefined ? {} : { hint }) });
}

function verdict(
  name: string,
  names: readonly string[],
  text: string,
  { service, call, region }: Called,
  status: number,
): readonly [ErrorCode, string, (string | undefined)?] {
  const told = `${call}: ${name}: ${text}`;
  if (throttled.has(name)) return ['E_CLOUD_BUSY', `${call}: throttled: ${text}`];
  if (refusedAccess.has(name)) {
    const action = /perform: ?([\w-]+:\w+)/.exec(text)?.[1] ?? `${service}:${call}`;
    const resource = /on resource: ?(\S+)/.exec(text)?.[1];
    const on = resource === undefined ? '' : ` on ${resource}`;
    const line = `{"Effect": "Allow", "Action": "${action}", "Resource": "${resource ?? '*'}"}`;
    return [
      'E_CLOUD_PERMISSION',
      // The line stands in the message itself: it is told wherever the failure is.
      `${action}${on} is not allowed; the policy needs ${line}: ${text}`,
      `deploy/aws/iam-policy.json has all that weir needs.`,
    ];
  }
  if (staleCredentials.has(name))
    return [
      'E_CLOUD_CREDENTIALS',
      `the AWS credentials have expired (${told})`,
      'Renew them; weir run then goes on by itself.',
    ];
  if (noCredentials.has(name))
    return ['E_CLOUD_CREDENTIALS', `no AWS credentials are found, ${call} was not sent (${text})`];
  if (badCredentials.has(name)) return ['E_CLOUD_CREDENTIALS', `AWS does not accept the credentials (${told})`];
  if (skewed.has(name) || (signatures.has(name) && /not yet current|expired|must be within/i.test(text)))
    return ['E_CLOUD_CLOCK', `the clock of this machine differs from that of AWS (${told})`];
  if (signatures.has(name)) return ['E_CLOUD_CREDENTIALS', `AWS does not accept the signature (${told})`];
  const broken = names.find((one) => unreachable.has(one));
  if (broken !== undefined)
    return [
      'E_CLOUD_UNREACHABLE',
      `the endpoint of ${service} in region ${region} cannot be reached: ${broken}: ${text}`,
      broken === 'ENOTFOUND'
        ? `Check the region (${region}) and the endpoint, and the name servers of this machine.`
        : undefined,
    ];
  if (quota.test(name)) return ['E_QUOTA', told];
  if (name === 'OperationNotPermitted' && /protection/i.test(text))
    return [
      'E_HELD',
      `${call}: deletion protection is on: ${text}`,
      'Set the attribute deletion_protection.enabled to false (weir never does); weir run then deletes it by itself, or the next apply or destroy does.',
    ];
  if (settling.test(name)) return ['E_APPLY', told];
  if (/^(Internal|ServiceUnavailable|Unavailable|ServerError|5\d\d)/.test(name)) return ['E_CLOUD_BUSY', told];
  // The answer of something in between is no XML, and the SDK tells of that instead.
  if (status >= 500) return ['E_CLOUD_BUSY', `${call}: the endpoint answers with status ${status}`];
  if (
    /^(Validation|Invalid|Duplicate|Unsupported|Malformed|Missing|PriorityInUse|OperationNotPermitted|SSLPolicy)/.test(
      name,
    )
  )
    return ['E_CLOUD_REFUSED', told];
  return ['E_APPLY', told];
}

/** HTTP status of an answer; 0: there is none. */
function statusOf(error: unknown): number {
  for (const name of ['$response', '$metadata'] as const) {
    const part = field(error, name);
    const status = field(part, 'statusCode') ?? field(part, 'httpStatusCode');
    if (typeof status === 'number') return status;
  }
  return 0;
}

function field(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined;
}

function nameOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('Code' in error && typeof error.Code === 'string') return error.Code;
  return 'name' in error && typeof error.name === 'string' ? error.name : '';
}

/** Names and codes of an error and of what caused it: a broken connection lies under the SDK's own words. */
function causes(error: unknown): readonly string[] {
  const found: string[] = [];
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    found.push(at.name);
    if ('code' in at && typeof at.code === 'string') found.push(at.code);
    if (at instanceof AggregateError) for (const one of at.errors) found.push(...causes(one));
  }
  return found;
}
