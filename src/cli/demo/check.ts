/** `weir demo --check`: plays the script once unattended and judges it. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { killOne, rollOut, until } from './acts.ts';
import { askHttp, askHttps, askTcp } from './ask.ts';
import { isTaken } from './ports.ts';
import { hosts, type Stage } from './stage.ts';
import { startTraffic } from './traffic.ts';

export interface Judge {
  /** Tells one result; `detail` when it failed, or always when `told`. */
  expect(what: string, holds: boolean, detail?: string, told?: boolean): void;
  say(text: string): void;
}

/** The part while weir runs. */
export async function checkServing(stage: Stage, { expect, say }: Judge, signal: AbortSignal): Promise<void> {
  const { ports } = stage;
  await checkRoutes(stage, expect);
  await stage.edit('web.yaml', (text) => text.replace('/api: api', '/api: api\n        /new: api'));
  await until(
    'the edited rule answers',
    async () => (await askHttp(ports.http, hosts.shop, '/new')).target === 'web-3',
    signal,
  );
  expect('an edit of an example file is seen in traffic', true);

  const traffic = startTraffic(ports.http, hosts.shop, '/', 400);
  try {
    await until('every back end answers', () => traffic.targets.size >= 2, signal);
    await killOne(stage, traffic, say, signal);
    expect('a killed back end costs no request', traffic.failed === 0, tally(traffic), true);
    for (const version of [2, 3]) await rollOut(stage, traffic, version, say, signal);
  } finally {
    await traffic.stop();
  }
  expect('a rolling update costs no request', traffic.failed === 0, tally(traffic), true);
  const state = await fetch(`http://127.0.0.1:${ports.api}/api/v1/state`);
  expect('the state API answers', state.status === 200, `status ${state.status}`);
  const page = await fetch(`http://127.0.0.1:${ports.api}/`);
  expect(
    'the state page answers',
    page.status === 200 && (await page.text()).includes('shop/web'),
    `status ${page.status}`,
  );
}

async function checkRoutes({ ports, certificate }: Stage, expect: Judge['expect']): Promise<void> {
  const web = [
    ['the host', await askHttp(ports.http, hosts.shop, '/'), /^web-[12]$/],
    ['a longer path', await askHttp(ports.http, hosts.shop, '/api/items'), /^web-3$/],
    ['a wildcard host', await askHttp(ports.http, hosts.branch, '/x'), /^web-[12]$/],
    ['https with a verified certificate', await askHttps(ports.https, hosts.secure, '/', certificate), /^web-[13]$/],
  ] as const;
  for (const [what, { status, target }, wanted] of web) {
    expect(`${what} leads to its back end`, status === 200 && wanted.test(target), `status ${status} by ${target}`);
  }
  const fixed = await askHttp(ports.http, hosts.shop, '/hello');
  expect(
    'a fixed answer is given',
    fixed.status === 200 && fixed.body.trim() === 'hello',
    `${fixed.status} ${fixed.body}`,
  );
  const unknown = await askHttp(ports.http, 'unknown.test', '/');
  expect('an unknown host gets 404', unknown.status === 404, `status ${unknown.status}`);
  const echo = await askTcp(ports.tcp, 'hello');
  expect('tcp leads to its back end', /^web-[23] hello$/.test(echo), echo);
}

function tally({
  sent,
  failed,
  errors,
}: {
  sent: number;
  failed: number;
  errors: ReadonlyMap<string, number>;
}): string {
  const reasons = [...errors].map(([reason, count]) => `${count} × ${reason}`).join(', ');
  return `${sent} requests, ${failed} failed${reasons === '' ? '' : `: ${reasons}`}`;
}

/** The part after the end: no process, no port, no file of ours is there. */
export async function checkGone(stage: Stage, { expect }: Judge): Promise<void> {
  const taken = [];
  for (const [name, port] of Object.entries(stage.ports)) if (await isTaken(port)) taken.push(`${name} ${port}`);
  expect('no port is left open', taken.length === 0, taken.join(', '));
  const there = await stat(stage.folder).then(
    () => true,
    () => false,
  );
  expect('no file is left', !there, stage.folder);
  const left = await processesOf(stage.folder);
  expect('no process is left', left.length === 0, left.join(', '));
}

/** Processes whose command line names the folder; empty where there is no /proc. */
async function processesOf(folder: string): Promise<readonly string[]> {
  const ids = (await readdir('/proc').catch(() => [])).filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
  );
  const found = await Promise.all(
    ids.map(async (id) => {
      const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
      return command.includes(folder) ? [`${id} ${command.replaceAll('\0', ' ').trim()}`] : [];
    }),
  );
  return found.flat();
}
