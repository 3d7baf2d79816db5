/** What a worker says about itself, parsed: servers, maps, certificates. The one place that knows HAProxy's tables. */
import { atOnce, type Context, inStrides, type Sliced, WeirError } from '../../src/model/index.ts';
import { inTurns } from '../../src/model/turns.ts';
import type { CrtEntry } from './layout.ts';
import type { RuntimeSocket } from './socket.ts';

export interface ServerState {
  readonly backend: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  /** Takes traffic as far as checks know. */
  readonly up: boolean;
  /** Put into maintenance by command. */
  readonly maintenance: boolean;
  readonly draining: boolean;
  /** Is checked. */
  readonly checked: boolean;
  /** A first check has ended since it was added or started. */
  readonly checkedOnce: boolean;
}

/** Columns of `show servers state` that are read (management guide, version 1 of the format). */
const columns = [
  'be_name',
  'srv_name',
  'srv_addr',
  'srv_port',
  'srv_op_state',
  'srv_admin_state',
  'srv_uweight',
  'srv_check_result',
  'srv_check_state',
  'srv_check_status',
] as const;

/** @throws WeirError E_HAPROXY_SOCKET when the answer is no such table. */
export function* parseServersState(text: string): Sliced<readonly ServerState[]> {
  const lines = text.split('\n');
  const header = lines.find((line) => line.startsWith('# '));
  const names = header?.slice(2).split(' ') ?? [];
  const places = columns.map((column) => names.indexOf(column));
  if (lines[0] !== '1' || places.includes(-1)) throw strange('show servers state', text);
  const states: ServerState[] = [];
  yield* inStrides(lines, (line) => {
    if (line === '' || line.startsWith('#') || line === '1') return;
    const fields = line.split(' ');
    // A table has a line for each target: nothing is made for one that is not kept.
    const field = (column: number): string => fields[places[column] ?? -1] ?? '';
    const operation = Number(field(4));
    const adminBits = Number(field(5));
    const checkBits = Number(field(8));
    states.push({
      backend: field(0),
      name: field(1),
      address: field(2),
      port: Number(field(3)),
      weight: Number(field(6)),
      // SRV_ST_STOPPED 0, STARTING 1, RUNNING 2, STOPPING 3 (soft stop: still serves what it has).
      up: operation === 1 || operation === 2,
      // SRV_ADMF_*: forced, inherited, configured, by address or name resolution; drain forced or inherited.
      maintenance: (adminBits & 0x67) !== 0,
      draining: (adminBits & 0x18) !== 0,
      // CHK_ST_CONFIGURED 2, CHK_ST_ENABLED 4: a check that is configured and was not enabled never ends.
      checked: (checkBits & 0x06) === 0x06,
      // HCHK_STATUS_UNKNOWN 0, INI 1, START 2; CHK_RES_UNKNOWN 0.
      checkedOnce: Number(field(7)) !== 0 || Number(field(9)) > 2,
    });
  });
  return states;
}

/** Entries of a map as `show map` prints them: reference, key, value. @throws WeirError E_HAPROXY_SOCKET when the answer is no such list. */
export function parseMap(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^0x[0-9a-f]+ (\S+)(?: (.*))?$/.exec(line);
    if (line === '') continue;
    if (match === null) throw strange('show map', text);
    const [, key = '', value = ''] = match;
    entries.set(key, value);
  }
  return entries;
}

/** Entries of `show ssl crt-list -n` with their line numbers. */
export function parseCrtList(text: string): readonly (CrtEntry & { readonly line: number })[] {
  const entries: (CrtEntry & { line: number })[] = [];
  for (const line of text.replaceAll('\0', '').split('\n')) {
    const match = /^(\S+):(\d+)(?: \[([^\]]*)\])?(?: (.*))?$/.exec(line);
    if (match === null || line.startsWith('#')) continue;
    const [, cert = '', number, options = '', hosts = ''] = match;
    entries.push({
      cert,
      line: Number(number),
      hosts: hosts.split(' ').filter((host) => host !== ''),
      ...(options === '' ? {} : { options }),
    });
  }
  return entries;
}

/** All servers, or those of some backends. @throws WeirError E_HAPROXY_SOCKET, also for a backend that the process does not have. */
export async function readServers(
  runtime: RuntimeSocket,
  ctx: Pick<Context, 'turns'> = {},
  backends?: readonly string[],
): Promise<readonly ServerState[]> {
  if (backends === undefined) return inTurns(ctx, parseServersState(await runtime.ask('show servers state')));
  const answers = await runtime.run(backends.map((backend) => ({ line: `show servers state ${backend}` })));
  return answers.flatMap((answer) => atOnce(parseServersState(answer)));
}

/** SHA-1 fingerprint (upper-case hex) of the certificate in force under a path; undefined when there is none. */
export async function readFingerprint(runtime: RuntimeSocket, path: string): Promise<string | undefined> {
  const [, fingerprint] = /^SHA1 FingerPrint: ([0-9A-F]+)$/m.exec(await runtime.ask(`show ssl cert ${path}`)) ?? [];
  return fingerprint;
}

export const shapeCommand = 'show env WEIR_SHAPE';

/** The proof of which configuration a worker runs; undefined when it carries none. @throws WeirError E_HAPROXY_SOCKET when it says something else. */
export async function readShape(runtime: RuntimeSocket): Promise<string | undefined> {
  const text = await runtime.ask(shapeCommand);
  const shape = parseShape(text);
  if (shape === undefined && !/^Variable not found$/.test(text)) throw strange(shapeCommand, text);
  return shape;
}

export function parseShape(text: string): string | undefined {
  const [, shape] = /^WEIR_SHAPE=([0-9a-zA-Z_-]+)$/m.exec(text) ?? [];
  return shape;
}

/** An answer that HAProxy never gives: the socket is not what it should be. */
export function strange(command: string, answer: string): WeirError {
  return new WeirError('E_HAPROXY_SOCKET', `${command} was answered with ${JSON.stringify(answer.slice(0, 120))}`);
}
