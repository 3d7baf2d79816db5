import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** A program that says `ready`, and as JSON what it has seen when its input ends. Answers once it is ready. */
export async function listenTo(child: ChildProcessByStdio<Writable, Readable, null>) {
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  return {
    async end() {
      child.stdin.end();
      await closed;
      return JSON.parse(text.slice('ready\n'.length));
    },
  };
}
