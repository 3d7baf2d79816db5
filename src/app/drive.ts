import type { Clock, Lane } from '../run/index.ts';

/** After the end was asked for, calls under way may take so long. */
const graceMs = 10_000;

/** Runs all lanes until `end` aborts. What was started is finished, but for calls that take longer than the grace. */
export async function driveLanes(lanes: readonly Lane[], end: AbortSignal, clock: Clock): Promise<void> {
  const hard = new AbortController();
  const done = new AbortController();
  const cut = async () => {
    await clock.sleep(graceMs, done.signal);
    if (!done.signal.aborted) hard.abort();
  };
  const begin = () => void cut();
  end.addEventListener('abort', begin, { once: true });
  try {
    await Promise.all(lanes.map((lane) => lane.run({ signal: end, hard: hard.signal })));
  } finally {
    end.removeEventListener('abort', begin);
    done.abort();
  }
}

/** A signal that follows another and can be ended on its own. */
export function endWith(signal: AbortSignal): AbortController {
  const end = new AbortController();
  if (signal.aborted) end.abort();
  else signal.addEventListener('abort', () => end.abort(), { once: true, signal: end.signal });
  return end;
}
