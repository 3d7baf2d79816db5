import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { App } from '../../src/app.ts';
import { runCommand } from '../../src/cli/program.ts';
import { codeDetails } from '../../src/cli/text/index.ts';
import { errors, isErrorCode } from '../../src/model/index.ts';
import { fakeDeps, problem, rendered, state } from './fake-app.ts';
import { memoryIo, type World } from './memory-io.ts';

async function run(argv: string[], parts: Partial<App> = {}, world: World = {}) {
  const io = memoryIo(world);
  const fake = fakeDeps(parts);
  const code = await runCommand(argv, io, fake.deps);
  return { code, ...io.written, opened: fake.opened };
}

test('render: JSON is the documented report, text the files without secrets', async () => {
  const parts = { render: async () => rendered };
  const json = await run(['render', '-f', 'a.yaml', '-o', 'json'], parts);
  assert.equal(json.code, 0);
  assert.deepEqual(JSON.parse(json.out), rendered);
  assert.equal(json.opened[0]?.balancers[0]?.provider, 'haproxy');
  const text = await run(['render', '-f', 'a.yaml'], parts);
  assert.equal(
    text.out,
    '# balancer default (haproxy)\n==> haproxy.cfg <==\nglobal\n\n==> certs/ab.pem <==\n(secret, sha256 ab)\n',
  );
  const bad = await run(['render', '-f', 'a.yaml'], { render: async () => ({ ...rendered, problems: [problem] }) });
  assert.equal(bad.code, 1);
});

test('render --environment is checked by the provider; its errors name the field', async () => {
  const files = {
    'good.json': '{"haproxy":{"version":"2.6"}}',
    'bad.json': '{"haproxy":{"verison":"2.6"}}',
    'odd.json': '{"haprox":{}}',
  };
  const render = (file: string) =>
    run(['render', '-f', 'a', '--environment', file], { render: async () => rendered }, { files });
  assert.equal((await render('good.json')).code, 0);
  assert.match((await render('bad.json')).err, /haproxy\.verison: unknown field; did you mean "version"\?/);
  assert.match(
    (await render('odd.json')).err,
    /E_PROVIDER_UNKNOWN.*known: haproxy, builtin; did you mean "haproxy"\?/s,
  );
  assert.match((await render('gone.json')).err, /there is no file gone\.json/);
});

test('--environment of plan and validate is checked as that of render', async () => {
  const files = { 'bad.json': '{"haproxy":{"verison":"2.6"}}' };
  for (const command of ['plan', 'validate']) {
    const { code, err } = await run([command, '-f', 'a', '--environment', 'bad.json'], {}, { files });
    assert.equal(code, 1);
    assert.match(err, /haproxy\.verison: unknown field; did you mean "version"\?/);
  }
});

test('validate: all problems, exit 1 for an error, 0 for warnings; configuration problems too', async () => {
  const good = await run(['validate', '-f', 'a.yaml'], { validate: async () => [] });
  assert.deepEqual([good.code, good.out], [0, 'Valid: 1 service; 0 errors, 0 warnings.\n']);
  const warned = await run(['validate', '-f', 'a.yaml'], {
    validate: async () => [{ ...problem, severity: 'warning' }],
  });
  assert.equal(warned.code, 0);
  const bad = await run(['validate', '-f', 'a.yaml', '-o', 'json'], { validate: async () => [problem] });
  assert.equal(bad.code, 1);
  assert.deepEqual(JSON.parse(bad.out), { valid: false, services: 1, skipped: {}, problems: [problem] });
  const config = await run(['validate', '-c', 'w.yaml', '-o', 'json'], {}, { files: { 'w.yaml': 'polcy: sync\n' } });
  assert.equal(config.code, 1);
  const [told] = JSON.parse(config.out).problems;
  assert.deepEqual([told.file, told.line, told.column, told.field], ['w.yaml', 1, 1, 'polcy']);
});

test('a configuration error shows file, line, column, the line and a likely spelling', async () => {
  const files = { 'weir.yaml': 'policy: sync\nbalancers:\n  - provider: haproxi\n' };
  const { code, err, out } = await run(['plan'], {}, { files });
  assert.equal(code, 1);
  assert.equal(out, '');
  assert.equal(
    err,
    [
      'error[E_PROVIDER_UNKNOWN] balancers[0].provider: there is no provider "haproxi"; known: haproxy, builtin; did you mean "haproxy"?',
      '  --> weir.yaml:3:15',
      '    3 |   - provider: haproxi',
      '      |               ^',
      '  Use one of the names in the message.   weir explain E_PROVIDER_UNKNOWN',
      '',
    ].join('\n'),
  );
});

test('validate says which kinds were passed over', async () => {
  const skipped = () => ({ Pod: 1, Deployment: 2 });
  const { out } = await run(['validate', '-f', 'a.yaml'], { validate: async () => [], skipped });
  assert.equal(out, 'Valid: 1 service; skipped 3 objects of kinds Deployment, Pod; 0 errors, 0 warnings.\n');
});

test('schema prints draft-7 of the configuration, of a provider, of services', async () => {
  const schema = async (...argv: string[]) => JSON.parse((await run(['schema', ...argv])).out);
  const config = await schema();
  assert.equal(config.$schema, 'http://json-schema.org/draft-07/schema#');
  assert.ok(config.properties.balancers);
  assert.ok((await schema('--provider', 'haproxy')).properties.binary);
  assert.ok((await schema('--environment', 'haproxy')).properties.version);
  assert.ok((await schema('--services')).properties.name);
  assert.match(
    (await run(['schema', '--reference'])).out,
    /^\| in weir\.yaml \| flag \|.*`--api-listen` \| `WEIR_API_LISTEN`/s,
  );
  assert.match((await run(['schema', '--annotations'])).out, /^\| annotation \|/);
  assert.equal((await run(['schema', '--annotations', '--reference'])).code, 2);
  const unknown = await run(['schema', '--provider', 'haprox']);
  assert.deepEqual([unknown.code, unknown.out], [1, '']);
  assert.equal((await run(['schema', '--provider', 'haproxy', '--services'])).code, 2);
});

test('explain: a code from the table, with a likely spelling for a wrong one', async () => {
  const { code, out } = await run(['explain', 'e_port_taken']);
  assert.equal(code, 0);
  assert.match(
    out,
    /^E_PORT_TAKEN {3}another process listens on a port\n {2}class {3}refused: .*\n {2}to do {3}Stop it/,
  );
  const wrong = await run(['explain', 'E_PORT_TAKN']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /there is no code E_PORT_TAKN; did you mean "E_PORT_TAKEN"\?/);
});

test('explain: every code says where it is found and what it looks like', async () => {
  const lacking = Object.keys(errors).filter((code) => !isErrorCode(code) || !codeDetails.has(code));
  assert.deepEqual(lacking, [], 'a new code has its line in src/cli/text/code-details.ts');
  assert.match(
    (await run(['explain', 'E_LOCKED'])).out,
    /\n {2}found {3}when `run`, .* starts\n {2}such as stateDir .* is in use by process 812\n$/,
  );
});

test('explain: a service offline, from client to targets', async () => {
  const parts = { render: async () => rendered };
  const { code, out } = await run(['explain', 'shop/web', '-f', 'a.yaml'], parts);
  assert.equal(code, 0);
  assert.match(out, /^Service shop\/web {3}from shop\.yaml:3\n {2}balancer default/);
  assert.match(out, /client -> http 80 {2}-> shop\.example\/cart {2}-> to web/);
  assert.match(out, /-> \* +-> redirects 301 to https:\/\/<host>/);
  assert.match(out, /unhealthy {2}\[2001:db8::7\]:8080 {2}weight 1 .*connection refused/);
  assert.match(out, /setting haproxy\.timeouts\.client = "30s" {3}from annotation weir-lb\.dev\/timeout/);
  assert.equal((await run(['explain', 'web', '-f', 'a.yaml'], parts)).out, out);
  const unknown = await run(['explain', 'shop/wbe', '-f', 'a.yaml'], parts);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /no source has a service "shop\/wbe"; did you mean "shop\/web"\?/);
});

test('explain: a service that was refused whole is told by its problems', async () => {
  const parts: Partial<App> = {
    render: async () => ({ ...rendered, services: [], problems: [problem] }),
    services: () => [],
    state: () => ({ ...state, services: [], problems: [problem] }),
  };
  const { code, out } = await run(['explain', 'shop/web', '-f', 'shop.yaml'], parts);
  assert.equal(code, 0);
  assert.match(out, /^Service shop\/web {3}from shop\.yaml#1\n {2}no balancer takes it\n/);
  assert.match(out, /error\[E_PORT\] shop\/web ports\[0\]\.port: must be a whole number/);
});
