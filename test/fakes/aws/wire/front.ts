import type { Account } from '../core/account.ts';
import { AwsError, BrokenConnection } from '../core/aws-error.ts';
import type { Service } from '../core/service.ts';
import { readJson, writeJson } from './json.ts';
import { readQuery } from './read-query.ts';
import { readShape } from './shape.ts';
import { escapeXml, isRecord, writeXml } from './write-xml.ts';

export interface WireRequest {
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  readonly signal?: AbortSignal;
}

export interface WireReply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/**
 * Answers one HTTP request as AWS's endpoint of that service would. Throws BrokenConnection when no answer comes.
 * The service is the one that the signature's scope names.
 */
export async function answer(account: Account, request: WireRequest): Promise<WireReply> {
  const scope = /Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(request.headers.authorization ?? '');
  const service = account.services.get(scope?.[2] ?? '');
  const requestId = `fake-${account.world.moment.index + 1}`;
  if (service === undefined) {
    account.loud.push(`no service '${scope?.[2] ?? ''}'`);
    return { status: 404, headers: {}, body: `the fake knows no service '${scope?.[2] ?? ''}'` };
  }
  try {
    // Shield is global: its API stands in one region.
    const here = scope?.[1] === account.world.region || (service.name === 'shield' && scope?.[1] === 'us-east-1');
    if (!here) {
      const message = `Credential should be scoped to a valid region, not '${scope?.[1]}'.`;
      throw new AwsError('SignatureDoesNotMatch', message, { status: 403 });
    }
    return service.protocol === 'json'
      ? await answerJson(account, service, request)
      : await answerQuery(account, service, request, requestId);
  } catch (error) {
    if (error instanceof BrokenConnection) throw error;
    const refused =
      error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), { status: 500, loud: true });
    if (refused.loud) {
      const stack = error instanceof AwsError || !(error instanceof Error) ? undefined : error.stack;
      account.loud.push(`${service.name}: ${stack ?? refused.message}`);
    }
    return refusal(service, refused, requestId);
  }
}

async function answerQuery(
  account: Account,
  service: Service,
  { body, signal }: WireRequest,
  requestId: string,
): Promise<WireReply> {
  const parameters = new URLSearchParams(body);
  const name = parameters.get('Action') ?? '';
  if (parameters.get('Version') !== service.version) {
    throw new AwsError('InvalidAction', `Version '${parameters.get('Version')}' is not ${service.version}`, {
      loud: true,
    });
  }
  const schema = service.actions.get(name)?.schema;
  const dialect = service.protocol === 'ec2' ? 'ec2' : 'aws';
  const output = await account.call(
    service,
    name,
    () => (schema === undefined ? {} : readQuery(parameters, readShape(schema[4]), dialect)),
    signal,
  );
  const shape = readShape(schema?.[5] ?? 'unit');
  const content = shape.kind === 'unit' ? '<return>true</return>' : writeXml(output, shape, name);
  const open = `<${name}Response xmlns="${service.xmlNamespace}">`;
  const inner =
    service.protocol === 'ec2'
      ? `<requestId>${requestId}</requestId>${content}`
      : `<${name}Result>${content}</${name}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body: `${open}${inner}</${name}Response>` };
}

async function answerJson(
  account: Account,
  service: Service,
  { headers, body, signal }: WireRequest,
): Promise<WireReply> {
  const [target, name = ''] = (headers['x-amz-target'] ?? '').split('.');
  if (target !== service.version)
    throw new AwsError('UnknownOperationException', `Unknown target '${target}'`, { loud: true });
  const schema = service.actions.get(name)?.schema;
  const parsed: unknown = body === '' ? {} : JSON.parse(body);
  const output = await account.call(
    service,
    name,
    () => (schema === undefined ? {} : readJson(isRecord(parsed) ? parsed : {}, readShape(schema[4]))),
    signal,
  );
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify(writeJson(output, readShape(schema?.[5] ?? 'unit'), name)),
  };
}

function refusal(
  { protocol, xmlNamespace }: Service,
  { code, message, status }: AwsError,
  requestId: string,
): WireReply {
  if (protocol === 'json') {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code };
    return { status, headers, body: JSON.stringify({ __type: code, message, Message: message }) };
  }
  const error = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`;
  const body =
    protocol === 'ec2'
      ? `<Response><Errors><Error>${error}</Error></Errors><RequestID>${requestId}</RequestID></Response>`
      : `<ErrorResponse xmlns="${xmlNamespace}"><Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type>${error}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
  return { status, headers: { 'content-type': 'text/xml' }, body };
}
