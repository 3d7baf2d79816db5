/** A configuration that HAProxy refuses without saying whose fault it is: the culprits are found, and everybody else is served. */
import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Stage, startStage, webService } from './fault-stage.ts';

/** Where targets of hostile services are; host names of hostile routes begin with `evil`. */
const marks = '127\\.66\\.6\\.|evil';
let stage: Stage;
let checks = '';

before(async () => {
  stage = await startStage({
    // Without spares every new backend is a section of the file.
    options: { spares: 0 },
    before: async (folder) => {
      checks = join(folder, 'checks');
      const binary = join(folder, 'haproxy');
      await writeFile(
        binary,
        `#!/bin/sh
case "$*" in -c*)
  echo x >> ${checks}
  if cat haproxy.cfg maps/* | grep -Eq '${marks}'; then
    echo '[ALERT]    (1) : config : something in here is unbearable.' >&2
    exit 1
  fi;;
esac
exec haproxy "$@"
`,
      );
      await chmod(binary, 0o755);
      return { binary };
    },
  });
});

after(() => stage.end());

const asked = async () => (await readFile(checks, 'utf8')).length / 2;
const hostile = (name: string) =>
  `name: bad/${name}\nhttp: [{ host: ${name}.test }]\ntargets: ["127.66.6.${name.length}:80"]\n`;
const blamed = async () =>
  (await stage.state()).problems.flatMap(({ code, service }) => (code === 'E_HAPROXY_CONFIG' ? [service] : [])).sort();

test('one among two hundred: found by name with few questions, the others are served', async () => {
  const many = Array.from({ length: 200 }, (_, i) => (i === 77 ? hostile('first') : webService(`many${i}`, stage.one)));
  const before = await asked();
  await stage.put('many.yaml', many.join('---\n'));
  await stage.becomes('many199.test', '200 one');
  assert.equal(await stage.answers('many3.test'), '200 one');
  assert.equal(await stage.answers('first.test'), '503 -');
  const { problems } = await stage.told(({ problems: all }) => all.length > 0);
  assert.deepEqual(await blamed(), ['bad/first']);
  assert.match(problems[0]?.message ?? '', /HAProxy refuses it: config : something in here is unbearable/);
  const questions = (await asked()) - before;
  assert.ok(questions <= 40, `${questions} questions`);
  const explained = await stage.command('explain', 'bad/first');
  assert.match(explained.out, /E_HAPROXY_CONFIG/);
});

test('the others change as ever, without a question more', async () => {
  const before = await asked();
  await stage.put('moves.yaml', webService('moves', stage.two));
  await stage.becomes('moves.test', '200 two');
  assert.equal(await asked(), before);
  assert.deepEqual(await blamed(), ['bad/first']);
});

test('a second one, of a route, beside it; each comes back when it is mended', async () => {
  await stage.put(
    'second.yaml',
    `name: bad/second\nhttp: [{ host: evil.test }]\ntargets: ["127.0.0.1:${stage.one.port}"]\n`,
  );
  await stage.put('more.yaml', webService('more', stage.two));
  await stage.becomes('more.test', '200 two');
  await stage.told(({ problems }) => problems.length === 2);
  assert.deepEqual(await blamed(), ['bad/first', 'bad/second']);
  await stage.put('second.yaml', webService('second', stage.one).replace('good/', 'bad/'));
  await stage.becomes('second.test', '200 one');
  assert.deepEqual(await blamed(), ['bad/first']);
  await stage.put('many.yaml', webService('first', stage.one));
  await stage.becomes('first.test', '200 one');
  await stage.settled();
});

test('fifty at once: more than one search can tell apart, found nevertheless', async () => {
  const mixed = Array.from({ length: 100 }, (_, i) =>
    i % 2 === 0 ? hostile(`h${i}`) : webService(`g${i}`, stage.two),
  );
  await stage.put('mixed.yaml', mixed.join('---\n'));
  for (let i = 1; i < 100; i += 2) await stage.becomes(`g${i}.test`, '200 two');
  await stage.told(
    ({ problems }) => problems.length === 50 && problems.every(({ message }) => /refuses it:/.test(message)),
  );
  await stage.remove('mixed.yaml');
  await stage.settled();
});

test("when it is nobody's fault, that is told, and what is served goes on", async () => {
  await writeFile(
    join(stage.folder, 'haproxy'),
    `#!/bin/sh
case "$*" in -c*) echo '[ALERT]    (1) : config : never.' >&2; exit 1;; esac
exec haproxy "$@"
`,
  );
  await stage.put('late.yaml', webService('late', stage.one));
  const { balancers } = await stage.told(({ balancers: all }) => all[0]?.units[0]?.code === 'E_HAPROXY_CONFIG');
  assert.match(balancers[0]?.units[0]?.message ?? '', /never/);
  assert.equal(await stage.answers('moves.test'), '200 two');
});
