import { type ClientHttp2Stream, constants } from 'node:http2';
import type { Answer } from './answer.ts';
import { KubeError } from './kube-error.ts';
import { codeOf } from './read-kubeconfig.ts';

interface Exchange {
  readonly body: Buffer | undefined;
  readonly signal: AbortSignal | undefined;
  /** Longest silence; with `long` it counts until the answer begins. */
  readonly requestMs: number;
  readonly long: boolean;
  readonly doing: string;
}

/** Errors of Node about a stream that was never sent, since its session had said goodbye. */
const neverSent = ['ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_INVALID_SESSION', 'ERR_HTTP2_STREAM_CANCEL'];

/** Sends the body and resolves when the answer begins. The signal ends the stream at any time, also while its body is read. */
export function receive(stream: ClientHttp2Stream, exchange: Exchange): Promise<Answer> {
  const { body, signal, requestMs, long, doing } = exchange;
  let ended: KubeError | undefined;
  let broken: Error | undefined;
  const failure = () => ended ?? explain(stream, broken, doing);
  const end = (error: KubeError) => {
    ended ??= error;
    stream.close(constants.NGHTTP2_CANCEL);
    stream.destroy(ended);
  };
  return new Promise((done, fail) => {
    const abort = () => end(new KubeError(0, 'Aborted', `${doing}: aborted`));
    signal?.addEventListener('abort', abort, { once: true });
    stream.setTimeout(requestMs, () => end(new KubeError(0, 'Timeout', `${doing}: no answer for ${requestMs} ms`)));
    stream.on('error', (error) => {
      broken ??= error;
    });
    stream.once('response', (headers) => {
      if (long) stream.setTimeout(0);
      done({ status: headers[':status'] ?? 0, headers, stream, failure });
    });
    stream.once('close', () => {
      signal?.removeEventListener('abort', abort);
      fail(failure());
    });
    if (signal?.aborted) abort();
    else if (body !== undefined) stream.end(body);
  });
}

function explain(stream: ClientHttp2Stream, broken: Error | undefined, doing: string): KubeError {
  // What ended the session tells more than that the stream went with it.
  if (broken instanceof KubeError) return broken;
  if (broken?.cause instanceof KubeError) return broken.cause;
  const unsent =
    stream.rstCode === constants.NGHTTP2_REFUSED_STREAM ||
    (stream.id === undefined && broken !== undefined && neverSent.includes(codeOf(broken)));
  const code = stream.rstCode === constants.NGHTTP2_NO_ERROR ? '' : `HTTP/2 error ${stream.rstCode}`;
  const why = [broken === undefined ? '' : codeOf(broken), code].filter((part) => part !== '').join(', ') || 'cut off';
  return new KubeError(0, 'Closed', `${doing}: the connection broke (${why})`, { unsent, cause: broken });
}
