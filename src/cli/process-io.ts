import { constants, type Stats, unwatchFile, watchFile } from 'node:fs';
import { access } from 'node:fs/promises';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import type { Io } from './io.ts';
import { readBounded } from './read-bounded.ts';

/** The real world: this process's streams, files and signals. */
export function processIo(): Io {
  const { stdin, stdout, stderr, env } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    // Knows NO_COLOR, FORCE_COLOR, TERM=dumb and whether the stream is a terminal.
    colour: {
      out: styleText('red', 'x', { stream: stdout }) !== 'x',
      err: styleText('red', 'x', { stream: stderr }) !== 'x',
    },
    terminal: { in: stdin.isTTY === true, out: stdout.isTTY === true, err: stderr.isTTY === true },
    env,
    hostname: hostname(),
    folder: process.cwd(),
    read: readBounded,
    runnable: (program) => isRunnable(program, env.PATH ?? ''),
    ask,
    onInterrupt,
    onHangUp,
    watchFile: follow,
    abandon: (code) => process.exit(code),
    now: () => Date.now(),
  };
}

/** Also looks where system programs stand: a plain user's PATH often lacks sbin. */
async function isRunnable(program: string, path: string): Promise<boolean> {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    // Ctrl-C or Ctrl-D at the question is a no.
    return false;
  } finally {
    terminal.close();
  }
}

/** A terminal, npm and whatever runs us each pass a signal on that all of them were sent: so close together it is one. */
const oneSignalMs = 300;

function onInterrupt(listener: (times: number) => void): () => void {
  let times = 0;
  let heardMs = Number.NEGATIVE_INFINITY;
  const heard = () => {
    if (performance.now() - heardMs < oneSignalMs) return;
    heardMs = performance.now();
    listener(++times);
  };
  const hungUp = () => {
    if (hangUps.size === 0) heard();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, heard);
  process.on('SIGHUP', hungUp);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, heard);
    process.off('SIGHUP', hungUp);
  };
}

const hangUps = new Set<() => void>();

function onHangUp(listener: () => void): () => void {
  if (hangUps.size === 0) process.on('SIGHUP', tellHangUp);
  hangUps.add(listener);
  return () => {
    if (hangUps.delete(listener) && hangUps.size === 0) process.off('SIGHUP', tellHangUp);
  };
}

function tellHangUp(): void {
  for (const listener of [...hangUps]) listener();
}

/** How often a followed file is looked at, in milliseconds: a look works through links of mounted ConfigMaps, where events do not. */
const lookMs = 500;

function follow(path: string, listener: () => void): () => void {
  const looked = (now: Stats, before: Stats) => {
    const same = now.mtimeMs === before.mtimeMs && now.ino === before.ino && now.size === before.size;
    if (!same) listener();
  };
  watchFile(path, { interval: lookMs, persistent: false }, looked);
  return () => unwatchFile(path, looked);
}
