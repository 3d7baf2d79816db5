import type { App } from '../app.ts';

import { patchOf, snapshotOf, type View } from './view.ts';

const pauseMs = 250;
const beatMs = 15_000;
const most = 64;

/**
 * Server-sent events: `snapshot` once, then `patch` with what changed, at most four a second, a comment line every 15 s.
 * Each client pulls: a slow one gets fewer, larger patches and costs no memory here.
 */
export function openStreams(
  app: Pick<App, 'state' | 'onChange'>,
  signal: AbortSignal,
): (gone: AbortSignal) => Response {
  let open = 0;
  let revision = 0;
  const waiting = new Set<() => void>();
  const release = app.onChange(() => {
    revision++;
    for (const wake of waiting) wake();
  });
  signal.addEventListener('abort', release, { once: true });
  return (gone) => {
    if (open >= most) return new Response('too many streams\n', { status: 503 });
    open++;
    const end = AbortSignal.any([signal, gone]);
    let sent: { readonly view: View; readonly revision: number } | undefined;
    const close = once(() => {
      open--;
    });
    const listen = (wake: () => void) => {
      waiting.add(wake);
      return () => waiting.delete(wake);
    };
    // The first text is the snapshot; then each change, or the beat of a quiet stream.
    const nextText = async (): Promise<string> => {
      if (sent !== undefined) {
        await wait(pauseMs, end, () => () => undefined);
        if (sent.revision === revision) await wait(beatMs - pauseMs, end, listen);
      }
      const now = revision;
      const view = snapshotOf(app.state());
      const [event, data] = sent === undefined ? ['snapshot', view] : ['patch', patchOf(sent.view, view)];
      const same = sent !== undefined && data === undefined;
      sent = { view, revision: now };
      return same ? ': beat\n\n' : `id: ${now}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    };
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const text = await nextText();
          if (end.aborted) {
            close();
            controller.close();
          } else controller.enqueue(new TextEncoder().encode(text));
        },
      },
      { highWaterMark: 0 },
    );
    end.addEventListener('abort', close, { once: true });
    return new Response(body, {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    });
  };
}

/** Waits for the time, the end, or a wake-up, whichever comes first; leaves no timer behind. */
function wait(durationMs: number, end: AbortSignal, subscribe: (wake: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      end.removeEventListener('abort', done);
      release();
      resolve();
    };
    const timer = setTimeout(done, durationMs);
    const release = subscribe(done);
    if (end.aborted) done();
    else end.addEventListener('abort', done);
  });
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
