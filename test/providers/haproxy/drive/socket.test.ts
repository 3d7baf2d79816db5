import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { type Command, isAccepted, maxCommandBytes, RuntimeSocket } from '../../../../providers/haproxy/socket.ts';

let directory: string;
let server: Server | undefined;
let runtime: RuntimeSocket;
const open = new Set<Socket>();

beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/weir-`);
});

afterEach(async () => {
  runtime.close();
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
  await rm(directory, { recursive: true });
});

/** A peer that answers each line it reads; counts its connections. */
async function serve(
  answer: (line: string, socket: Socket) => string | undefined,
  timeoutMs = 2_000,
): Promise<{ connections: number; lines: string[] }> {
  const seen: { connections: number; lines: string[] } = { connections: 0, lines: [] };
  server = createServer((socket) => {
    seen.connections++;
    open.add(socket);
    let rest = '';
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const lines = (rest + data.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        seen.lines.push(line);
        const text = answer(line, socket);
        if (text !== undefined) socket.write(text);
      }
    });
  });
  await new Promise<void>((resolve) => server?.listen(`${directory}/s`, resolve));
  runtime = new RuntimeSocket(`${directory}/s`, timeoutMs);
  return seen;
}

const prompting = (line: string) => (line === 'prompt' ? '\n> ' : `${line}\n\n> `);

test('many commands share one connection and each gets its own answer', async () => {
  const seen = await serve((line) => (line === 'prompt' || line === 'quiet' ? '\n> ' : `did ${line}\nwell\n\n> `));
  assert.deepEqual(await runtime.run([{ line: 'one' }, { line: 'quiet' }, { line: 'two' }]), [
    'did one\nwell',
    '',
    'did two\nwell',
  ]);
  assert.equal(await runtime.ask('three'), 'did three\nwell');
  assert.equal(seen.connections, 1);
});

test('answers in pieces, also cut within the prompt', async () => {
  await serve((line, socket) => {
    if (line === 'prompt') return '\n> ';
    for (const [i, piece] of ['fir', 'st\n', '\n', '> ', '\n', '> '].entries())
      setTimeout(() => socket.write(piece), 5 * i);
    return undefined;
  });
  assert.deepEqual(await runtime.run([{ line: 'a' }]), ['first']);
});

test('runs that come at once are served in order', async () => {
  await serve(prompting);
  const answers = await Promise.all(['a', 'b', 'c'].map((line) => runtime.ask(line)));
  assert.deepEqual(answers, ['a', 'b', 'c']);
});

test('a connection that was closed while idle is opened again', async () => {
  const seen = await serve(prompting);
  await runtime.ask('one');
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await runtime.ask('two'), 'two');
  assert.equal(seen.connections, 2);
});

test('half an answer is an error, and the next run begins anew', async () => {
  let broken = true;
  await serve((line, socket) => {
    if (line !== 'cut' || !broken) return prompting(line);
    broken = false;
    socket.end('did cu');
    return undefined;
  });
  await assert.rejects(runtime.run([{ line: 'ok' }, { line: 'cut' }]), {
    code: 'E_HAPROXY_SOCKET',
    message: /after 2 of 3 answers/,
  });
  assert.equal(await runtime.ask('cut'), 'cut');
});

test('silence is an error after the time-out', async () => {
  await serve((line) => (line === 'prompt' ? '\n> ' : undefined), 30);
  await assert.rejects(runtime.ask('x'), { code: 'E_HAPROXY_SOCKET', message: /no answer within 30 ms/ });
});

test('text that nobody asked for is an error', async () => {
  await serve(() => '\n> \n> \n> HTTP/1.1 400 Bad request\n> ');
  await assert.rejects(runtime.ask('x'), { code: 'E_HAPROXY_SOCKET' });
});

test('no socket is an error that names the path', async () => {
  runtime = new RuntimeSocket(`${directory}/none`);
  await assert.rejects(runtime.ask('x'), { code: 'E_HAPROXY_SOCKET', message: /none/ });
});

test('what could be read as two commands is never sent', async () => {
  const seen = await serve(prompting);
  const hostile: Command[] = [
    { line: 'set server b/s weight 1;show version' },
    { line: 'del map m a\nshow version' },
    { line: 'del map m a\\ b' },
    { line: 'add map m <<' },
    { line: 'add map m  x' },
    { line: '' },
    { line: 'add map m', payload: 'a b\n\nshow version' },
    { line: 'add map m', payload: '\nshow version' },
    { line: 'add map m', payload: 'a b\r\n\r\nshow version' },
    { line: 'add map m', payload: '' },
    { line: 'add map m', payload: `${'x'.repeat(maxCommandBytes)} y` },
  ];
  for (const command of hostile) {
    assert.throws(
      () => runtime.run([{ line: 'harmless' }, command]),
      { code: 'E_HAPROXY_COMMAND' },
      JSON.stringify(command).slice(0, 80),
    );
  }
  assert.deepEqual(seen.lines, []);
});

test('a payload ends with exactly one empty line, and its echo is not part of the answer', async () => {
  const seen = await serve((line) => {
    if (line === 'prompt') return '\n> ';
    if (line.endsWith('<<')) return '+ ';
    return line === '' ? 'Done!\n\n> ' : '+ ';
  });
  assert.deepEqual(await runtime.run([{ line: 'add map m', payload: 'a b\nc d\n\n' }]), ['Done!']);
  assert.deepEqual(seen.lines, ['prompt', 'add map m <<', 'a b', 'c d', '']);
});

test('success is known by its text', () => {
  const good = [
    '',
    'New server registered.',
    'Server deleted.',
    'New version created: 3',
    "New empty certificate store 'certs/a.pem'!",
    'Transaction created for certificate a!',
    'Committing a.\nSuccess!',
    "Certificate 'a' deleted!",
    "Entry 'a' deleted in crtlist 'b'!",
  ];
  const bad = [
    'No such server.',
    "Can't delete the entry: …",
    'Unknown command',
    "'ca-file' : unable to load /x.",
    'Success! not',
    'Only servers in maintenance mode can be deleted.',
    'Permission denied',
  ];
  for (const text of good) assert.ok(isAccepted(text), text);
  for (const text of bad) assert.ok(!isAccepted(text), text);
});
