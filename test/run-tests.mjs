/**
 * `npm test`: sets up, then type check, lint and every test. Ends with the plain line `N passed, N failed, N skipped`.
 * `--fast`: no root, no network, nothing of test/e2e, small property runs. A path or part of one runs those files only.
 * Plain JavaScript for Node 18: it runs before anything is installed.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureMoto } from '../localstack/moto.mjs';
import {
  checkNode,
  ensureHaproxy,
  ensureProgram,
  findNode,
  installPackages,
  root,
  SetupError,
  testPrograms,
} from '../src/setup/setup.mjs';
import { ensureGuest } from './guest/guest-kernel.mjs';
import { ensurePrograms } from './kube/programs.mjs';

const fast = process.argv.includes('--fast');
const only = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const ci = process.env.CI === 'true';
const print = (text) => process.stdout.write(`${text}\n`);
const total = { passed: 0, failed: 0, skipped: [] };
const minuteMs = 60_000;

/**
 * Groups of test files, first match wins. Files of pure folders share one process, which is fast; everything that opens sockets,
 * files or processes has a process of its own, so that a time-out names its file. End to end runs one file at a time.
 */
const groups = [
  {
    // Each file has a control plane of its own, half a gigabyte of it.
    name: 'kubernetes',
    match: /^test\/e2e\/kube-/,
    isolation: 'process',
    concurrency: 1,
    fileMs: 5 * minuteMs,
    slow: true,
  },
  {
    name: 'end to end',
    match: /^test\/(e2e\/|conformance\/haproxy)/,
    isolation: 'process',
    concurrency: 1,
    fileMs: 10 * minuteMs,
    slow: true,
  },
  { name: 'property', match: /^test\/property\//, isolation: 'process', concurrency: 2, fileMs: 9 * minuteMs },
  {
    name: 'pure',
    match: /^test\/(model|net|plan|front|alloc|compat|config|house)\//,
    isolation: 'none',
    concurrency: 1,
    fileMs: minuteMs,
  },
  { name: 'unit', match: /./, isolation: 'process', concurrency: 2, fileMs: minuteMs },
];

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  print(`setup  ${error.message}`);
  total.failed++;
}
finish();

async function main() {
  checkNode();
  installPackages((text) => print(`setup  ${text}`));
  const node = findNode();
  const env = {
    ...process.env,
    PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}:/usr/sbin`,
    WEIR_FAST: fast ? '1' : '',
  };
  if (only.length === 0) {
    await check('type check', join(root, 'node_modules', '.bin', 'tsc'), ['--noEmit'], env);
    await check('lint', join(root, 'node_modules', '.bin', 'biome'), ['check', '--error-on-warnings', '.'], env);
  }
  const files = testFiles('test').filter((file) => only.length === 0 || only.some((part) => file.includes(part)));
  if (!fast) {
    const say = (text) => print(`setup  ${text}`);
    optional('HAProxy', ensureHaproxy(say));
    for (const program of testPrograms) optional(program.command, ensureProgram(program, say));
    optional('moto', ensureMoto(say));
    // Minutes the first time: not for files that use none of it.
    if (files.some((file) => /^test\/(e2e\/)?kube/.test(file))) {
      optional('the Kubernetes control plane', ensurePrograms('kube', say));
      optional('Helm', ensurePrograms('helm', say));
    }
    if (files.includes('test/e2e/guest.test.ts')) optional('the guest kernel', ensureGuest(say));
  }
  for (const group of [...groups].reverse()) {
    const mine = files.filter((file) => groups.find(({ match }) => match.test(file)) === group);
    if (mine.length === 0 || (fast && group.slow)) continue;
    await runGroup(group, mine, node, env);
  }
}

function optional(name, { version, missing }) {
  if (missing === undefined) return print(`using  ${version}`);
  total.skipped.push({ name: `everything that needs ${name}`, reason: missing });
}

function testFiles(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return testFiles(path);
      return entry.name.endsWith('.test.ts') ? [path] : [];
    })
    .sort();
}

/** A tool that is one pass or one failure. */
async function check(name, command, args, env) {
  const started = Date.now();
  const output = [];
  const code = await runChild(command, args, env, 3 * minuteMs, (text) => output.push(text));
  if (code === 0) total.passed++;
  else {
    total.failed++;
    print(output.join('\n'));
  }
  print(`${code === 0 ? 'passed' : 'FAILED'}  ${name}  ${seconds(started)}`);
}

async function runGroup(group, files, node, env) {
  const started = Date.now();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const timeoutMs =
    group.isolation === 'none' ? 4 * minuteMs : Math.ceil(files.length / group.concurrency) * group.fileMs;
  const args = [
    '--test',
    `--test-isolation=${group.isolation}`,
    `--test-timeout=${group.fileMs}`,
    `--test-reporter=${join(root, 'test', 'reporter.mjs')}`,
    ...(group.isolation === 'process' ? [`--test-concurrency=${group.concurrency}`] : []),
    ...files,
  ];
  const loose = [];
  let last = '';
  const code = await runChild(node, args, env, timeoutMs, (text) => {
    const event = parseEvent(text);
    if (event === undefined) return loose.push(text);
    if (event.event === 'output') return loose.push(event.text.trimEnd());
    last = `${event.file} > ${event.name}`;
    if (!event.parentOf) counts[event.event]++;
    if (event.event === 'failed' && !event.parentOf)
      print(`FAILED  ${event.file}:${event.line ?? ''}  ${event.name}\n${indent(event.error)}`);
    if (event.event === 'skipped') {
      // What a provider's capabilities deny is skipped by design, on every machine; everything else is a part that is missing here.
      const byDesign = event.file === 'test/conformance/conformance.ts' && event.reason !== '';
      total.skipped.push({ name: `${event.file} > ${event.name}`, reason: event.reason, byDesign });
    }
  });
  if (code === 'time-out') {
    counts.failed++;
    print(
      `FAILED  ${group.name} did not end within ${timeoutMs / 1000} s; the last test that ended was ${last}. A test hangs or leaves something open.`,
    );
  } else if (code !== 0 && counts.failed === 0) {
    counts.failed++;
    print(`FAILED  ${group.name}: node --test ended with ${code} after ${last}, and no test said why.`);
  } else if (counts.passed === 0 && counts.failed === 0) {
    counts.failed++;
    print(`FAILED  ${group.name}: ${files.length} files and not one test that ran.`);
  }
  if (counts.failed > 0 && loose.length > 0) print(`output of ${group.name}:\n${indent(loose.slice(-60).join('\n'))}`);
  else if (loose.length > 0) print(loose.slice(-60).join('\n'));
  total.passed += counts.passed;
  total.failed += counts.failed;
  print(
    `${counts.failed === 0 ? 'passed' : 'FAILED'}  ${group.name}  ${files.length} files, ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped  ${seconds(started)}`,
  );
}

function parseEvent(text) {
  if (!text.startsWith('{"event":')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Runs in a process group of its own, so that a time-out or Ctrl-C ends everything that the tests started. Answers exit code, signal or `time-out`. */
function runChild(command, args, env, timeoutMs, onLine) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // gone already
      }
    };
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end('SIGTERM');
      setTimeout(end, 3000, 'SIGKILL').unref();
    }, timeoutMs);
    const interrupt = () => {
      end('SIGTERM');
      process.exitCode = 130;
      setTimeout(() => process.exit(130), 1000);
    };
    process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
    // What comes after the time-out is the noise of being ended.
    const pass = (text) => late || onLine(text);
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', pass);
    child.on('error', (error) => onLine(`${command}: ${error.message}`));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      resolve(late ? 'time-out' : (code ?? signal));
    });
  });
}

function finish() {
  for (const { name, reason } of total.skipped) print(`SKIPPED  ${name}: ${reason || 'no reason given'}`);
  const missing = ci ? total.skipped.filter(({ byDesign }) => !byDesign) : [];
  if (missing.length > 0)
    print(`FAILED  ${missing.length} skipped for want of something, which CI=true forbids: see the lines above.`);
  print(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`);
  process.exitCode ||= total.failed > 0 || missing.length > 0 ? 1 : 0;
}

function indent(text) {
  return String(text).replace(/^/gm, '    ');
}

function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}
