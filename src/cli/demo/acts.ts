/** What happens in the demo: a back end dies and comes back, a rolling update. Each ends when it is seen in traffic. */
import { setTimeout as sleep } from 'node:timers/promises';
import { askHttp } from './ask.ts';
import type { BackEnd } from './back-end.ts';
import { hosts, type Stage } from './stage.ts';
import type { Traffic } from './traffic.ts';

/** Asks until the answer is yes. Throws with `what` when that takes too long or the signal aborts. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  signal?: AbortSignal,
  timeoutMs = 20_000,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isSo())) {
    signal?.throwIfAborted();
    if (performance.now() > endMs) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await sleep(20);
  }
}

/** Kills the second web back end under traffic; the others take over. Then starts it again and waits until it serves. */
export async function killOne(
  stage: Stage,
  traffic: Traffic,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const victim = stage.backEnds[1];
  if (victim === undefined) return;
  await victim.kill();
  say(`${victim.name} was killed; its clients go to the others`);
  const before = { sent: traffic.sent, ms: performance.now() };
  // Long enough for its health check to fail: first it is passed over at each try, then it is out.
  const enough = () => traffic.sent > before.sent + 50 && performance.now() > before.ms + 2500;
  await until('traffic without the dead back end', enough, signal);
  await victim.start();
  const answered = traffic.targets.get(victim.name) ?? 0;
  await until(`${victim.name} serves again`, () => (traffic.targets.get(victim.name) ?? 0) > answered, signal);
  say(`${victim.name} is back and serves`);
}

/** Replaces the first web back end by a new version: the new one joins, serves, and only then the old one leaves. */
export async function rollOut(
  stage: Stage,
  traffic: Traffic,
  version: number,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<BackEnd> {
  const old = stage.backEnds.findLast(({ name }) => name.startsWith('web-1'));
  if (old === undefined) throw new Error('there is no back end to replace');
  const fresh = await stage.addBackEnd(`web-1-v${version}`);
  const [oldPlace, newPlace] = [`127.0.0.1:${old.httpPort}`, `127.0.0.1:${fresh.httpPort}`];
  await stage.edit('web.yaml', (text) => text.replace(`- ${oldPlace}`, `- ${oldPlace}\n      - ${newPlace}`));
  await until(`${fresh.name} serves`, () => (traffic.targets.get(fresh.name) ?? 0) > 0, signal);
  say(`${fresh.name} joined and serves`);
  await stage.edit('web.yaml', (text) => text.replace(`      - ${oldPlace}\n`, ''));
  await stage.edit('secure.yaml', (text) => text.replace(oldPlace, newPlace));
  await until(`${old.name} is left`, () => isLeft(stage, old.name), signal);
  await old.kill();
  say(`${old.name} left, then stopped`);
  return fresh;
}

/** No answer of many comes from the back end. */
async function isLeft(stage: Stage, name: string): Promise<boolean> {
  for (let i = 0; i < 12; i++) {
    const { target } = await askHttp(stage.ports.http, hosts.shop, '/');
    if (target === name) return false;
  }
  return true;
}
