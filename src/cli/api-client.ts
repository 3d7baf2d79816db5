import { z } from 'zod';
import { parseListen } from '../config/index.ts';
import { type State, WeirError } from '../model/index.ts';
import type { Explanation } from '../serve/explanation.ts';
import type { Io } from './io.ts';

/** Where a running weir answers, and the token it asks for. */
export interface ApiAddress {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token?: string;
}

/** `--api`, else `api.listen` of the configuration; the token from `api.tokenFile`. */
export async function findApi(
  given: unknown,
  api: { readonly listen: string; readonly tokenFile?: string | undefined },
  io: Io,
): Promise<ApiAddress> {
  const url = typeof given === 'string' ? checkUrl(given) : urlOf(api.listen);
  if (api.tokenFile === undefined) return { url };
  const token = (await io.read(api.tokenFile))?.trim();
  if (token === undefined) throw new WeirError('E_API_AUTH', `there is no file ${api.tokenFile} (api.tokenFile)`);
  return { url, token };
}

function checkUrl(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new WeirError('E_USAGE', `--api ${text} is not a URL`);
  return url.href.replace(/\/+$/, '');
}

function urlOf(listen: string): string {
  const parsed = parseListen(listen);
  if (!parsed.ok || parsed.value === undefined) {
    throw new WeirError('E_NOT_RUNNING', 'api.listen is empty, so no weir can be asked; give --api URL');
  }
  const { host, port } = parsed.value;
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/** GET of one JSON document; undefined for 404. Throws E_NOT_RUNNING or E_API_AUTH with what to do. */
async function get(api: ApiAddress, path: string): Promise<unknown> {
  const headers = { accept: 'application/json', ...(api.token && { authorization: `Bearer ${api.token}` }) };
  let response: Response;
  try {
    response = await fetch(api.url + path, { headers, redirect: 'error', signal: AbortSignal.timeout(5000) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WeirError('E_NOT_RUNNING', `no weir answers at ${api.url} (${reason})`, { cause: error });
  }
  if (response.status === 404) return undefined;
  if (response.status === 401) throw new WeirError('E_API_AUTH', `${api.url} asks for a token`);
  if (!response.ok) {
    const said = (await response.text()).slice(0, 200).trim();
    throw new WeirError('E_NOT_RUNNING', `${api.url}${path} answers HTTP ${response.status}: ${said}`);
  }
  return response.json();
}

// Our own server, maybe of another version: what the text output reads must be there, everything else passes as it is.
const state = z.custom<State>(
  (value) =>
    z
      .looseObject({
        version: z.string(),
        startedMs: z.number(),
        balancers: z.array(z.looseObject({ name: z.string(), units: z.array(z.looseObject({ state: z.string() })) })),
        services: z.array(z.looseObject({ id: z.string(), health: z.string(), targets: z.looseObject({}) })),
        inSync: z.boolean(),
        problems: z.array(z.looseObject({ code: z.string(), severity: z.string(), message: z.string() })),
        plans: z.array(z.unknown()),
        incomplete: z.array(z.unknown()),
      })
      .safeParse(value).success,
);

const explanation = z.custom<Explanation>(
  (value) => z.looseObject({ service: z.string(), fronts: z.array(z.unknown()) }).safeParse(value).success,
);

function expect<T>(schema: z.ZodType<T>, value: unknown, api: ApiAddress): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new WeirError('E_NOT_RUNNING', `what answers at ${api.url} is no weir of this version`);
  return parsed.data;
}

export async function fetchState(api: ApiAddress): Promise<State> {
  return expect(state, await get(api, '/api/v1/state'), api);
}

/** What the running weir knows of a service; undefined when it has none of that name. */
export async function fetchExplanation(api: ApiAddress, service: string): Promise<Explanation | undefined> {
  const value = await get(api, `/api/v1/explain/${encodeURIComponent(service.toWellFormed())}`);
  return value === undefined ? undefined : expect(explanation, value, api);
}
