import type { Answer } from './attrs.ts';
import type { Section } from './layout.ts';
import { actionName, answerName } from './names.ts';
import { bytes, literal } from './quote.ts';
import { type Profile, profileLines } from './section-profile.ts';

/** Name of the backend that gives this answer: equal answers share one, so a further redirected host is only a map entry. */
export function answerBackend(answer: Answer, httpsPort: number): string {
  return actionName(JSON.stringify([answer, httpsPort]));
}

/** A backend without servers that answers by itself. */
export function answerSection(answer: Answer, httpsPort: number, profiles: readonly Profile[]): Section {
  return {
    head: `backend ${answerBackend(answer, httpsPort)}`,
    lines: [...profiles.flatMap((profile) => profileLines(profile, 'answer')), ...answerLines(answer, httpsPort)],
  };
}

const refusals: Readonly<Record<number, string>> = {
  400: 'the request cannot be understood',
  403: 'not allowed',
  405: 'method not allowed',
  408: 'the request did not come in time',
  413: 'the request body is too large',
  500: 'the balancer failed',
  502: 'the target gave no usable answer',
  503: 'no target is available',
  504: 'the target did not answer in time',
};

/** What HAProxy says by itself, in the form of our own answers. In frontends: a backend that says nothing else takes it from there. What is no HTTP at all is answered
 * before any of it is read. */
export const refusalLines: readonly string[] = Object.entries(refusals).map(
  ([status, text]) =>
    `http-error status ${status} content-type text/plain string ${bytes(`${status}: ${text}\n`)} hdr Cache-Control no-cache`,
);

/** What no route takes, and routes whose backend does not exist. */
export const plainAnswers: readonly Section[] = [
  plainAnswer(404, 'no route for this host and path'),
  plainAnswer(503, 'the backend of this route does not exist'),
];

function plainAnswer(status: 404 | 503, text: string): Section {
  return {
    head: `backend ${answerName(status)}`,
    lines: [`http-request return status ${status} content-type text/plain string ${bytes(`${status}: ${text}\n`)}`],
  };
}

function answerLines(answer: Answer, httpsPort: number): readonly string[] {
  if (answer.type === 'redirect') return redirectLines(answer, httpsPort);
  const start = `http-request return status ${answer.status}`;
  if (answer.body === undefined || answer.body === '') return [start];
  return [`${start} content-type ${literal(answer.contentType ?? 'text/plain')} string ${bytes(answer.body)}`];
}

type Redirect = Extract<Answer, { readonly type: 'redirect' }>;

/** The location is what the answer names and, for the rest, what the request had. The query of the request is kept. */
function redirectLines(redirect: Redirect, httpsPort: number): readonly string[] {
  const { code, path } = redirect;
  const start = origin(redirect, httpsPort);
  if (path === undefined) return [`http-request redirect location ${literal(`${start}%[pathq]`)} code ${code}`];
  const target = `${start}${plain(path)}`;
  const bare = `http-request redirect location ${literal(target)} code ${code}`;
  const joint = path.includes('?') ? '&' : '?';
  return [
    `http-request redirect location ${literal(`${target}${joint}%[query]`)} code ${code} if { query -m found }`,
    bare,
  ];
}

/** `https://host:port`, or nothing when the redirect stays at the place where the client is. The port of this balancer is none of another host. */
function origin({ scheme, host, port }: Redirect, httpsPort: number): string {
  if (scheme === undefined && host === undefined && port === undefined) return '';
  const wire = scheme ?? '%[ssl_fc,iif(https,http)]';
  const name = host === undefined ? '%[req.fhdr(host),host_only]' : plain(host);
  return `${wire}://${name}${portSuffix(port ?? (scheme === 'https' && host === undefined ? httpsPort : undefined), scheme)}`;
}

function portSuffix(port: number | undefined, scheme: Redirect['scheme']): string {
  const usual = scheme === 'https' ? 443 : 80;
  return port === undefined || (scheme !== undefined && port === usual) ? '' : `:${port}`;
}

/** For itself within a log-format. */
function plain(text: string): string {
  return text.replaceAll('%', '%%');
}
