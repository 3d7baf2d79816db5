import { HttpResponse } from '@smithy/core/protocols';
import type { HttpHandlerOptions, HttpRequest, RequestHandler } from '@smithy/types';
import type { Account } from './core/account.ts';
import { answer } from './wire/front.ts';

/** The SDK's HttpHandler interface. */
export interface InProcessHandler extends RequestHandler<HttpRequest, HttpResponse, HttpHandlerOptions> {
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
}

/**
 * The account without sockets: what the real SDK client has serialised is answered in this process, and parsed by the real
 * client again. Give it as `requestHandler`.
 */
export function handleInProcess(account: Account): InProcessHandler {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request, options) {
      const abort = options?.abortSignal;
      if (abort?.aborted) throw aborted();
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
      );
      const body: unknown = request.body;
      const text = typeof body === 'string' ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : '';
      const reply = await answer(account, {
        headers,
        body: text,
        ...(abort instanceof AbortSignal ? { signal: abort } : {}),
      });
      if (abort?.aborted) throw aborted();
      return {
        response: new HttpResponse({ statusCode: reply.status, headers: reply.headers, body: Buffer.from(reply.body) }),
      };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy() {},
  };
}

function aborted(): Error {
  return Object.assign(new Error('Request aborted'), { name: 'AbortError' });
}
