import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { Health } from '../../../providers/l2/health.ts';
import type { Place } from '../../../providers/l2/speaker-words.ts';

/** A machine whose proxy answers at the places that a test names. */
function stage(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answering = new Set<string>();
  const told: string[] = [];
  let asked = 0;
  const health = new Health({
    changed: (served, reason) => told.push(`${served} ${reason}`.trim()),
    ask: async ([vip]: Place) => {
      asked += 1;
      return answering.has(vip) ? undefined : 'does not answer';
    },
  });
  t.after(() => health.close());
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 50) {
      t.mock.timers.tick(50);
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    }
  };
  return { health, answering, told, pass, asked: () => asked };
}

const places = (...vips: readonly string[]): readonly Place[] => vips.map((vip) => [vip, 80]);

describe('whether a proxy answers', () => {
  it('is no question where nothing has to', async (t) => {
    const { health, told, pass, asked } = stage(t);
    health.use([]);
    await pass(5000);
    assert.deepEqual([health.served, told, asked()], [true, [], 0]);
  });

  it('is not believed before it has', async (t) => {
    const { health, answering, told, pass } = stage(t);
    health.use(places('v'));
    assert.deepEqual([health.served, told], [false, ['false nothing has answered at v:80 yet']]);
    await pass(1000);
    assert.equal(health.served, false);
    answering.add('v');
    await pass(400);
    assert.deepEqual([health.served, told.length], [true, 2]);
  });

  it('is not doubted when addresses go and come', async (t) => {
    const { health, answering, told, pass } = stage(t);
    answering.add('v');
    health.use(places('v'));
    await pass(200);
    health.use([]);
    health.use(places('v'));
    await pass(2000);
    assert.deepEqual([health.served, told], [true, ['false nothing has answered at v:80 yet', 'true']]);
    answering.delete('v');
    await pass(2000);
    assert.equal(health.served, false);
  });

  it('is denied after three failures in a row, and believed again after two answers', async (t) => {
    const { health, answering, told, pass } = stage(t);
    answering.add('v');
    health.use(places('v'));
    await pass(100);
    assert.equal(health.served, true);
    answering.delete('v');
    await pass(1000);
    assert.equal(health.served, true, 'one failure is none');
    await pass(350);
    assert.equal(health.served, false);
    assert.match(told.at(-1) ?? '', /^false v:80 does not answer/);
    answering.add('v');
    await pass(150);
    assert.equal(health.served, false);
    await pass(200);
    assert.equal(health.served, true);
  });

  it('is a matter of all addresses: one that never answers makes no machine unfit', async (t) => {
    const { health, answering, told, pass } = stage(t);
    answering.add('v').add('w').add('x');
    health.use(places('bad', 'v', 'w', 'x'));
    await pass(20_000);
    assert.deepEqual([health.served, told.filter((text) => text.startsWith('false 10')).length], [true, 0]);
    assert.equal(told.at(-1), 'true');
  });

  it('asks once a second while all is well', async (t) => {
    const { health, answering, pass, asked } = stage(t);
    answering.add('v').add('w');
    health.use(places('v', 'w'));
    await pass(10_000);
    assert.ok(asked() <= 12, `${asked()} questions in 10 s`);
  });
});

it('a connection that is taken is an answer, and one that is refused is none', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const answers = Promise.withResolvers<void>();
  const silence = Promise.withResolvers<string>();
  const health = new Health({
    changed: (served, reason) => {
      if (served) answers.resolve();
      else if (!reason.includes('yet')) silence.resolve(reason);
    },
  });
  t.after(() => health.close());
  health.use([['127.0.0.1', port]]);
  await answers.promise;
  server.close();
  assert.match(await silence.promise, /^127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/);
});

for (const host of ['127.0.0.1', '::1']) {
  it(`a program that is stopped answers nothing, though the kernel goes on making connections for it: ${host}`, async (t) => {
    const program = `require('node:net').createServer((s) => s.on('error', () => {})).listen(0, '${host}', function () { console.log(this.address().port) })`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const [line] = await once(child.stdout, 'data');
    const port = Number(String(line));
    const told: [boolean, string][] = [];
    const waiting = new Set<() => void>();
    const health = new Health({
      changed: (...news) => {
        told.push(news);
        for (const wake of waiting) wake();
      },
    });
    t.after(() => health.close());
    const until = async (served: boolean) => {
      while (told.at(-1)?.[0] !== served)
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
        });
    };
    health.use([[host, port]]);
    await until(true);
    child.kill('SIGSTOP');
    await until(false);
    assert.match(told.at(-1)?.[1] ?? '', /took no connection, as a program that is stopped or hangs, within 500 ms$/);
    child.kill('SIGCONT');
    await until(true);
  });
}
