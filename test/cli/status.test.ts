import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from '../../src/cli/program.ts';
import { createPaint, isWell, statusText } from '../../src/cli/text/index.ts';
import type { Problem, State } from '../../src/model/index.ts';
import { listening } from '../serve/listening.ts';
import { fakeDeps, problem, serviceState, state } from './fake-app.ts';
import { memoryIo, type World } from './memory-io.ts';

const plain = createPaint(false);
const well: State = { ...state, inSync: true, balancers: [], services: [{ ...serviceState, health: 'ok' }] };
const warning: Problem = { ...problem, code: 'W_NO_TARGETS', severity: 'warning', message: 'has no targets' };

test('problems are listed with their place, errors first, twenty at most', () => {
  const text = statusText({ ...state, problems: [warning, problem] }, 1_800_000_000_000, plain);
  assert.match(
    text,
    /^PROBLEMS {2}1 error, 1 warning\n {2}E_PORT {2}shop\.yaml:2 {2}must be a whole number .*\n {2}W_NO_TARGETS {2}shop\.yaml:2 {2}has no targets\n/m,
  );
  const many = Array.from({ length: 23 }, () => problem);
  assert.match(
    statusText({ ...state, problems: many }, 1_800_000_000_000, plain),
    /^ {2}3 more \(3 E_PORT\): weir status --all$/m,
  );
  assert.doesNotMatch(statusText({ ...state, problems: many }, 1_800_000_000_000, plain, true), / more /);
  assert.doesNotMatch(statusText(well, 1_800_000_000_000, plain), /PROBLEMS/);
});

test('of many problems some of every code are listed, whatever file they stand in', () => {
  const late: Problem = { ...problem, code: 'E_HOST', file: 'z.yaml', message: 'is the one of its kind' };
  const problems = [...Array.from({ length: 40 }, () => problem), ...Array.from({ length: 24 }, () => warning), late];
  const text = statusText({ ...state, problems }, 1_800_000_000_000, plain);
  assert.match(text, /^ {2}E_HOST {2}z\.yaml:2 {2}is the one of its kind$/m);
  assert.match(text, /^ {2}45 more \(30 E_PORT, 15 W_NO_TARGETS\): weir status --all$/m);
});

test('a unit that failed is told with its code, which `weir explain` knows', () => {
  const unit = {
    balancer: 'edge',
    unit: 'edge@n1',
    state: 'failed',
    message: 'm.sock: no answer',
    sinceMs: 1,
  } as const;
  const units = [{ ...unit, code: 'E_HAPROXY_SOCKET' as const }];
  const text = statusText(
    { ...state, balancers: [{ name: 'edge', provider: 'haproxy', objects: 0, units }] },
    1_800_000_000_000,
    plain,
  );
  assert.match(text, /^ {2}edge .* {2}E_HAPROXY_SOCKET {2}edge@n1: m\.sock: no answer$/m);
});

test('what cannot be read is not said to be in sync: since when, why and what to do', () => {
  const units = [{ balancer: 'aws', unit: 'aws/x', state: 'in sync', message: '', sinceMs: 1 }] as const;
  const unread = {
    sinceMs: 1_799_999_970_000,
    never: false,
    code: 'E_CLOUD_UNREACHABLE',
    message: 'no way',
    hint: 'Look.',
  };
  const text = (balancers: State['balancers']) => statusText({ ...state, balancers }, 1_800_000_000_000, plain);
  const balancer = { name: 'aws', provider: 'awselb', objects: 3, units };
  assert.match(
    text([{ ...balancer, unread }]),
    /^ {2}aws .* unread .* not read for 30 s: E_CLOUD_UNREACHABLE: no way\n {2}to do {2}Look\.$/m,
  );
  assert.match(text([{ ...balancer, unread: { ...unread, never: true } }]), /never read for 30 s/);
  assert.doesNotMatch(text([balancer]), /to do|unread/);
  assert.doesNotMatch(text([]), /BALANCER/, 'no heading without a row');
});

test('where several weirs share a system it is told who writes it', () => {
  const lease = { lease: 'weir-awselb-prod', namespace: 'weir', balancers: ['aws'], transitions: 1 };
  const told = (leases: State['leases']) =>
    statusText({ ...well, ...(leases === undefined ? {} : { leases }) }, 1_800_000_000_000, plain).split('\n')[1];
  assert.equal(told([{ ...lease, leader: true, holder: 'a_1' }]), 'leads  aws by lease weir-awselb-prod');
  assert.equal(told([{ ...lease, leader: false, holder: 'b_2' }]), 'follows  aws by lease weir-awselb-prod; b_2 leads');
  assert.match(told([{ ...lease, leader: false }]) ?? '', /; nobody is known to lead$/);
  assert.doesNotMatch(told(undefined) ?? '', /lease/);
});

test('what cannot be read is explained once', () => {
  const message = 'source east: Services cannot be read: refused';
  const problems = [{ code: 'E_KUBE_READ', severity: 'error', source: 'source/east', message } as const];
  const incomplete = ['Services', 'Ingresses'].map((part) => ({
    source: 'east',
    part,
    reason: part === 'Services' ? message : 'not listed yet',
  }));
  const text = statusText({ ...well, problems, incomplete }, 1_800_000_000_000, plain);
  assert.equal(text.split(message).length, 2);
  assert.match(text, /^incomplete {2}east Services; nothing it could own is taken away$/m);
  assert.match(text, /^incomplete {2}east Ingresses: not listed yet; nothing/m);
});

test('all is well: in sync, warnings at most, no service that is down', () => {
  assert.equal(isWell({ ...well, problems: [warning] }), true);
  assert.equal(isWell({ ...well, inSync: false }), false);
  assert.equal(isWell({ ...well, services: [{ ...serviceState, health: 'down' }] }), false);
});

async function ask(argv: string[], world: World) {
  const io = memoryIo(world);
  const code = await runCommand(argv, io, fakeDeps().deps);
  return { code, ...io.written };
}

test('status asks --api whatever weir.yaml says, and else the default address with a warning', async (t) => {
  const { apiUrl = '' } = await listening(t, { state: () => well });
  const files = { 'weir.yaml': 'balancers: [{provider: nothing}]\nnonsense: [' };
  assert.deepEqual((await ask(['status', '--api', apiUrl], { files })).code, 0);
  const other = await ask(['status', '--api-listen', '127.0.0.1:1'], { files });
  assert.equal(other.code, 1);
  assert.match(other.err, /^warning the configuration cannot be used .*: asking http:\/\/127\.0\.0\.1:1$/m);
  assert.match(other.err, /error\[E_NOT_RUNNING\] no weir answers at http:\/\/127\.0\.0\.1:1/);
  assert.match((await ask(['status', '--help'], {})).out, /Exit codes: 0 everything is in sync/);
});

test('a mistake elsewhere in weir.yaml does not hide where the running weir answers, nor its token', async (t) => {
  const { apiUrl = '' } = await listening(t, {
    state: () => well,
    config: { api: { listen: '127.0.0.1:0', tokenFile: 'token' } },
    files: { token: 'secret-of-the-test' },
  });
  const api = `api: { listen: "${apiUrl.replace('http://', '')}", tokenFile: token }`;
  const world = (rest: string) => ({
    files: { 'etc/weir.yaml': `${api}\n${rest}`, 'etc/token': 'secret-of-the-test' },
  });
  for (const rest of ['balancers: [{ provider: haproxy, options: { tune.bufsiz: 1 } }]', 'polcy: sync', 'sources: 5']) {
    const { code, err } = await ask(['status', '-c', 'etc/weir.yaml'], world(rest));
    assert.equal(code, 0, err);
    assert.match(err, new RegExp(`^warning the configuration cannot be used .*: asking ${apiUrl}$`, 'm'));
  }
});

test('explain asks the running weir for likely names', async (t) => {
  const { apiUrl = '' } = await listening(t, { state: () => well });
  const wrong = await ask(['explain', 'shop/wbe', '--api', apiUrl], {});
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /did you mean "shop\/web"\?\n {2}See `weir explain --help`/);
});

test('explain finds the one service that ends as was asked, and names them where there are several', async (t) => {
  const known = (id: string) => ({ ...serviceState, id });
  const services = ['ingress/k/ing', 'shop/web', 'team/web'].map(known);
  const { apiUrl = '' } = await listening(t, { state: () => ({ ...well, services }) });
  const found = await ask(['explain', 'k/ing', '--api', apiUrl], {});
  assert.equal(found.code, 0, found.err);
  assert.match(found.out, /^Service ingress\/k\/ing /);
  const several = await ask(['explain', 'web', '--api', apiUrl], {});
  assert.equal(several.code, 2);
  assert.match(several.err, /"web" may be shop\/web, team\/web: give the whole name/);
});

test('explain says that the last good version is in force, and why', async (t) => {
  const broken: Problem = {
    code: 'E_FILE_SYNTAX',
    severity: 'error',
    source: 'shop.yaml',
    message: 'not valid YAML',
    file: 'shop.yaml',
    line: 2,
  };
  const { apiUrl = '' } = await listening(t, { state: () => ({ ...state, problems: [broken] }) });
  const { out } = await ask(['explain', 'shop/web', '--api', apiUrl], {});
  assert.match(out, /its last good version is in force: shop\.yaml:2 E_FILE_SYNTAX: not valid YAML/);
});
