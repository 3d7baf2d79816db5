/** A thousand bad services beside ten good ones: the good are served within seconds, lists and memory stay bounded, each bad one is explained. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { type Stage, startStage, webService } from './fault-stage.ts';

let stage: Stage;

before(async () => {
  stage = await startStage();
});

after(() => stage.end());

/** Every kind of badness; `i` makes each its own. */
const kinds: Readonly<Record<string, (name: string, i: number) => string>> = {
  port: (name) => `name: ${name}\nports: [{ port: 70000, protocol: tcp }]\ntargets: ["127.0.0.1:1"]\n`,
  target: (name, i) => `name: ${name}\nhttp: [{ host: t${i}.test }]\ntargets: ["10.0.0.${i % 256}.7:80"]\n`,
  host: (name) => `name: ${name}\nhttp: [{ host: "a b\\nuse_backend x" }]\ntargets: ["127.0.0.1:1"]\n`,
  path: (name, i) =>
    `name: ${name}\nhttp: [{ host: p${i}.test, paths: { "no slash": web } }]\nbackends: { web: ["127.0.0.1:1"] }\n`,
  field: (name, i) => `name: ${name}\nhttp: [{ host: f${i}.test }]\ntargetz: ["127.0.0.1:1"]\n`,
  duration: (name, i) =>
    `name: ${name}\nhttp: [{ host: d${i}.test }]\ntargets: ["127.0.0.1:1"]\ntimeouts: { server: soon }\n`,
  backend: (name, i) => `name: ${name}\nhttp: [{ host: b${i}.test, to: none }]\ntargets: ["127.0.0.1:1"]\n`,
  conflict: (name) => `name: ${name}\nhttp: [{ host: stays.test }]\ntargets: ["127.0.0.1:1"]\n`,
  certificate: (name, i) =>
    `name: ${name}\nhttp: [{ host: c${i}.test }]\ntls: { certificate: ./none-${i}.pem }\ntargets: ["127.0.0.1:1"]\n`,
  balance: (name, i) => `name: ${name}\nhttp: [{ host: l${i}.test }]\ntargets: ["127.0.0.1:1"]\nbalance: best\n`,
};
const names = Object.keys(kinds);
const nameOf = (i: number) => `bad/${names[i % names.length]}-${i}`;
const explanation = z.object({
  service: z.string(),
  problems: z.array(z.object({ code: z.string(), message: z.string() })),
});
const residentMib = () =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${stage.pid}/status`, 'utf8'))?.[1]) / 1024;

test('ten good ones in the midst of a thousand bad ones are served', async () => {
  const before = residentMib();
  const bad = Array.from({ length: 1_000 }, (_, i) => kinds[names[i % names.length] ?? '']?.(nameOf(i), i) ?? '');
  for (let file = 0; file < 10; file++)
    await stage.put(`bad-${file}.yaml`, bad.slice(file * 100, file * 100 + 100).join('---\n'));
  await stage.put('good.yaml', Array.from({ length: 10 }, (_, i) => webService(`g${i}`, stage.two)).join('---\n'));
  for (let i = 0; i < 10; i++) await stage.becomes(`g${i}.test`, '200 two');
  await stage.told(({ problems }) => new Set(problems.map(({ service }) => service)).size >= 1_000);
  assert.ok(residentMib() - before < 200, `${before} MiB before, ${residentMib()} MiB now`);
});

test('what people read is bounded', async () => {
  const { out } = await stage.command('status');
  assert.match(out, /more \(.*\): weir status --all/);
  const problems = out.slice(out.indexOf('PROBLEMS')).split('\n');
  assert.ok(problems.length < 40, `${problems.length} lines`);
  const page = await (await fetch(`http://${stage.api}/`)).text();
  assert.ok(page.length < 500_000, `${page.length} characters`);
  assert.ok((page.match(/<tr/g) ?? []).length < 500);
});

test('each is explained by name', async () => {
  for (let i = 0; i < 1_000; i++) {
    const answer = await fetch(`http://${stage.api}/api/v1/explain/${encodeURIComponent(nameOf(i))}`);
    assert.equal(answer.status, 200, nameOf(i));
    const told = explanation.parse(await answer.json());
    assert.equal(told.service, nameOf(i));
    assert.ok(told.problems.length > 0, nameOf(i));
    assert.match(told.problems[0]?.code ?? '', /^[EW]_/);
  }
  for (let i = 0; i < names.length; i++) {
    const { code, out } = await stage.command('explain', nameOf(i));
    assert.equal(code, 0);
    assert.match(out, /[EW]_[A-Z_]+/, nameOf(i));
  }
});

test('changes of good ones are served as ever', async () => {
  await stage.put('moves.yaml', webService('moves', stage.two));
  await stage.becomes('moves.test', '200 two');
});
