/** Reporter of node --test for test/run-tests.mjs: one JSON line an event that counts. Judging and printing happen there. */
import { relative } from 'node:path';

export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type === 'test:stderr' || type === 'test:stdout') yield line({ event: 'output', text: data.message });
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const suite = data.details?.type === 'suite';
    const skip = data.skip ?? data.todo;
    // A suite counts only when it fails by itself (a hook, a throw in its body), not because a test in it did.
    if (suite && (type === 'test:pass' || data.details.error?.failureType === 'subtestsFailed')) continue;
    yield line({
      event: type === 'test:fail' && data.todo === undefined ? 'failed' : skip === undefined ? 'passed' : 'skipped',
      name: data.name,
      file: data.file === undefined ? '' : relative(process.cwd(), data.file),
      line: data.line,
      ms: Math.round(data.details?.duration_ms ?? 0),
      reason: typeof skip === 'string' ? skip : '',
      error: type === 'test:fail' ? explain(data.details?.error) : undefined,
      parentOf: data.details?.error?.failureType === 'subtestsFailed',
    });
  }
}

function line(value) {
  return `${JSON.stringify(value)}\n`;
}

function explain(error) {
  const cause = error?.cause ?? error;
  if (cause === undefined) return 'failed without an error';
  const text =
    typeof cause === 'object' && cause !== null ? (cause.stack ?? cause.message ?? String(cause)) : String(cause);
  // Frames of Node itself never help.
  return text.replace(/\n\s+at [^\n]*\(?node:[^\n]*/g, '').trimEnd();
}
