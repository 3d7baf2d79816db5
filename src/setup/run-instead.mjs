/**
 * Runs a program in place of this process: it hears our signals, and its end is ours. Plain JavaScript without dependencies, like setup.mjs;
 * what is run, and why, is decided elsewhere.
 */
import { spawn } from 'node:child_process';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const lookMs = 500;

/**
 * Never resolves: this process ends when the program does, with its exit code or by its signal. A terminal, or whoever ends a whole group,
 * tells the program too, which therefore hears a signal twice within moments.
 */
export function runInstead(command, args) {
  const child = spawn(command, args, { stdio: 'inherit' });
  const heard = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, heard);
  whenNpmEnds(() => child.kill('SIGTERM'));
  return new Promise((_, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const one of signals) process.off(one, heard);
      if (signal === null) process.exit(code ?? 1);
      process.kill(process.pid, signal);
      // A signal that does not end us ended it all the same.
      setTimeout(() => process.exit(1), lookMs);
    });
  });
}

/** npm that is ended takes its shell with it and tells nobody behind that: our parent is another one then. Calls `ended` once. */
export function whenNpmEnds(ended) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    // Once: a second signal means to give up at once.
    clearInterval(watch);
    ended();
  }, lookMs);
  watch.unref();
}
