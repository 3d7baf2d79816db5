/** Carries out runtime steps, phase after phase: a phase begins only when every command of the one before was accepted. */
import { WeirError } from '../../src/model/index.ts';
import { MissingCommand, saysMissing } from './commit-missing.ts';
import { type Entries, entryKey, phaseOf, type RuntimeStep } from './diff.ts';
import type { ServerLine } from './layout.ts';
import { parseCrtList } from './process-read.ts';
import { type Command, isAccepted, isPlainWord, maxCommandBytes, type RuntimeSocket } from './socket.ts';
import { cookieValue } from './spare-value.ts';
import { crtListLine, serverAddress } from './text.ts';

export interface RuntimeContext {
  readonly runtime: RuntimeSocket;
  /** The PEM bundle of a path of the layout. */
  readonly pem: (path: string) => Promise<string>;
  /** Takes back a server that is in the process although the running layout has it no more: it waits for its last connection. */
  readonly recall: (backend: string, name: string) => Promise<ServerLine | undefined>;
  /** A server can be given its cookie when it is added. */
  readonly takesCookies: () => Promise<boolean>;
}

/**
 * @returns how many commands were sent.
 * @throws WeirError E_HAPROXY_COMMAND (refused, or not possible by command), E_HAPROXY_SOCKET. The process may then stand between both states.
 */
export async function runSteps(steps: readonly RuntimeStep[], context: RuntimeContext): Promise<number> {
  let sent = 0;
  for (let at = 0; at < steps.length; ) {
    const [first] = steps.slice(at, at + 1);
    if (first === undefined) break;
    const phase: RuntimeStep[] = [];
    while (at < steps.length) {
      const [step] = steps.slice(at, at + 1);
      if (step === undefined || phaseOf(step) !== phaseOf(first)) break;
      phase.push(step);
      at++;
    }
    const commands: Command[] = [];
    for (const step of phase) commands.push(...(await commandsOf(step, context)));
    await runAll(commands, context.runtime);
    sent += commands.length;
  }
  return sent;
}

/** Runs commands that must all be accepted. */
export async function runAll(commands: readonly Command[], runtime: RuntimeSocket): Promise<readonly string[]> {
  const answers = await runtime.run(commands);
  for (const [i, answer] of answers.entries()) {
    const line = commands[i]?.line ?? '';
    if (isThereAlready(line, answer)) continue;
    // Whatever it dislikes about one backend it dislikes about all of them.
    if (saysMissing(answer) || (line.startsWith('add backend ') && !isAccepted(answer)))
      throw new MissingCommand(line, answer);
    if (!isAccepted(answer))
      throw new WeirError('E_HAPROXY_COMMAND', `"${line}" was answered with ${JSON.stringify(answer.slice(0, 300))}`);
  }
  return answers;
}

/** A backend of ours that could not be deleted: empty, and no other than it would be now. */
function isThereAlready(line: string, answer: string): boolean {
  const [, name] = /^add backend (\S+) /.exec(line) ?? [];
  return name !== undefined && answer.endsWith(`name is already used by other proxy 'backend ${name}'.`);
}

async function commandsOf(step: RuntimeStep, context: RuntimeContext): Promise<readonly Command[]> {
  switch (step.do) {
    case 'add backend':
      return [{ line: `add backend ${step.backend} from ${step.from} mode ${step.mode}` }];
    case 'publish backend':
      return [{ line: `publish backend ${step.backend}` }];
    case 'add server':
      return addServer(step, context);
    case 'set weight':
      return [{ line: `set server ${step.backend}/${step.name} weight ${step.weight}` }];
    case 'load certificate':
      await endTransaction(step.path, context.runtime);
      return loadCertificate(step, await context.pem(step.path), step.staple && (await context.pem(step.staple)));
    case 'staple':
      return [{ line: 'set ssl ocsp-response', payload: await context.pem(step.path) }];
    case 'add to list':
      return step.entries.map((entry) => ({ line: `add ssl crt-list ${step.list}`, payload: crtListLine(entry) }));
    case 'add keys':
      return chunks(`add map ${step.map}`, step.entries);
    case 'set keys':
      return setKeys(step.map, step.entries, context.runtime);
    case 'replace map':
      return replaceMap(step.map, step.entries, context.runtime);
    case 'remove keys':
      return removeKeys(step.map, step.keys, context.runtime);
    case 'remove from list':
      return removeFromList(step.list, new Set(step.entries.map(entryKey)), context.runtime);
    case 'remove server':
      // No new connection goes there; those it has live on until the server is deleted behind the last of them.
      return [{ line: `set server ${step.backend}/${step.server.name} state maint` }];
    case 'drop certificate':
      return [{ line: `del ssl cert ${step.path}` }];
    case 'remove backend':
      return removeBackend(step.backend, context.runtime);
  }
}

/** A dynamic server starts in maintenance, and its check does not run before it is told to. */
async function addServer(
  { backend, server, cookieKey }: Extract<RuntimeStep, { readonly do: 'add server' }>,
  context: RuntimeContext,
): Promise<readonly Command[]> {
  const name = `${backend}/${server.name}`;
  const recalled = await context.recall(backend, server.name);
  const same = recalled?.options === server.options;
  if (recalled !== undefined && !same) await clearName(name, context.runtime);
  const health = server.checked ? [{ line: `enable health ${name}` }] : [];
  const given = cookieKey !== undefined && (await context.takesCookies());
  // Before it takes traffic: without its value the first answers would take the clients' cookies away. One that was found may lack it.
  const keyed =
    cookieKey === undefined || given ? [] : [{ line: `set dynamic-cookie-key backend ${backend} ${cookieKey}` }];
  if (same)
    return [
      { line: `set server ${name} weight ${server.weight}` },
      ...keyed,
      ...health,
      { line: `set server ${name} state ready` },
    ];
  const options = server.options === '' ? '' : ` ${server.options}`;
  const cookie = given ? ` cookie ${cookieValue(server.address, server.port, cookieKey)}` : '';
  const line = `add server ${name} ${serverAddress(server)} weight ${server.weight}${options}${cookie}`;
  return [{ line }, ...keyed, ...health, { line: `enable server ${name}` }];
}

/** Of a server in maintenance whose options are others, or not known because a weir that is gone put it there. */
async function clearName(name: string, runtime: RuntimeSocket): Promise<void> {
  const answer = await runtime.ask(`del server ${name}`);
  if (isDeleted(answer)) return;
  throw new WeirError(
    'E_HAPROXY_COMMAND',
    `server ${name} comes back with other options while its last connections end: ${answer.slice(0, 300)}`,
  );
}

/** What `del server` answers when there is no such server from now on. */
export function isDeleted(answer: string): boolean {
  return /^(?:Server deleted\.|No such (?:server|backend)\.)$/.test(answer);
}

/** Refused while somebody is still connected: it stays then, empty and led to by nothing, until the next reload. */
async function removeBackend(backend: string, runtime: RuntimeSocket): Promise<readonly Command[]> {
  await runtime.run(
    [`unpublish backend ${backend}`, `wait 100ms be-removable ${backend}`, `del backend ${backend}`].map((line) => ({
      line,
    })),
  );
  return [];
}

/** One that a weir began which was killed before its end: HAProxy has one at a time, and would take nothing else. */
async function endTransaction(path: string, runtime: RuntimeSocket): Promise<void> {
  const answer = await runtime.ask(`abort ssl cert ${path}`);
  const [, other] = /^The ongoing transaction is about '([^']+)'/.exec(answer) ?? [];
  if (other !== undefined) await runtime.ask(`abort ssl cert ${other}`);
}

function loadCertificate(
  { path, fresh, staple }: Extract<RuntimeStep, { readonly do: 'load certificate' }>,
  pem: string,
  response: string | undefined,
): readonly Command[] {
  const create = fresh ? [{ line: `new ssl cert ${path}` }] : [];
  // An empty line would end the payload; it means nothing in PEM.
  const payload = pem
    .replace(/\r/g, '')
    .replace(/\n{2,}/g, '\n')
    .trim();
  const stapled = response === undefined ? [] : [{ line: `set ssl cert ${staple}`, payload: response }];
  return [...create, { line: `set ssl cert ${path}`, payload }, ...stapled, { line: `commit ssl cert ${path}` }];
}

/** Entries as payloads that fit the buffer. */
function chunks(line: string, entries: Entries): readonly Command[] {
  const commands: Command[] = [];
  let payload: string[] = [];
  let bytes = line.length + 8;
  for (const [key, value] of entries) {
    const text = `${key} ${value}`;
    const size = Buffer.byteLength(text) + 1;
    if (bytes + size > maxCommandBytes && payload.length > 0) {
      commands.push({ line, payload: payload.join('\n') });
      payload = [];
      bytes = line.length + 8;
    }
    payload.push(text);
    bytes += size;
  }
  if (payload.length > 0) commands.push({ line, payload: payload.join('\n') });
  return commands;
}

async function setKeys(map: string, entries: Entries, runtime: RuntimeSocket): Promise<readonly Command[]> {
  const values = entries.every(([, value]) => isPlainWord(value));
  if (!values) throw new WeirError('E_HAPROXY_COMMAND', `a value of ${map} cannot stand in a command`);
  const names = await keyNames(
    map,
    entries.map(([key]) => key),
    runtime,
  );
  return entries.map(([, value], i) => ({ line: `set map ${map} ${names[i]} ${value}` }));
}

async function removeKeys(map: string, keys: readonly string[], runtime: RuntimeSocket): Promise<readonly Command[]> {
  const names = await keyNames(map, keys, runtime);
  return names.map((name) => ({ line: `del map ${map} ${name}` }));
}

/** How a command names each key: by itself, or by its reference where it has characters that a command may not have. */
async function keyNames(map: string, keys: readonly string[], runtime: RuntimeSocket): Promise<readonly string[]> {
  if (keys.every((key) => isPlainWord(key) && !key.startsWith('#'))) return keys;
  const references = new Map<string, string>();
  for (const line of (await runtime.ask(`show map ${map}`)).split('\n')) {
    const [reference = '', key = ''] = line.split(' ', 2);
    references.set(key, `#${reference}`);
  }
  return keys.map((key) => {
    const name = references.get(key);
    if (name === undefined) throw new WeirError('E_HAPROXY_COMMAND', `${map} has no key ${JSON.stringify(key)}`);
    return name;
  });
}

/** A new version of the map, filled beside the one in use and put into force at once. */
async function replaceMap(map: string, entries: Entries, runtime: RuntimeSocket): Promise<readonly Command[]> {
  const [answer = ''] = await runAll([{ line: `prepare map ${map}` }], runtime);
  const [, version] = /: (\d+)$/.exec(answer) ?? [];
  if (version === undefined)
    throw new WeirError('E_HAPROXY_COMMAND', `"prepare map ${map}" was answered with ${JSON.stringify(answer)}`);
  return [...chunks(`add map @${version} ${map}`, entries), { line: `commit map @${version} ${map}` }];
}

/** Entries go by line number: one certificate may stand in several lines. */
async function removeFromList(
  list: string,
  keys: ReadonlySet<string>,
  runtime: RuntimeSocket,
): Promise<readonly Command[]> {
  const entries = parseCrtList(await runtime.ask(`show ssl crt-list -n ${list}`));
  return entries
    .filter((entry) => keys.has(entryKey(entry)))
    .map(({ cert, line }) => ({ line: `del ssl crt-list ${list} ${cert}:${line}` }));
}
