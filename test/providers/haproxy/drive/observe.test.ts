import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendName } from '../../../../providers/haproxy/names.ts';
import { type ObserveInput, observing } from '../../../../providers/haproxy/observe.ts';
import { healthOf, healthSummary, restlessBackends, statesOf } from '../../../../providers/haproxy/observe-servers.ts';
import {
  parseCrtList,
  parseMap,
  parseServersState,
  type ServerState,
} from '../../../../providers/haproxy/process-read.ts';
import { reportsOf } from '../../../../providers/haproxy/report.ts';
import { atOnce, type ExportedService, type Observed, type Resource } from '../../../../src/model/index.ts';
import { backend, layout, server } from './layouts.ts';

function observedOf(input: ObserveInput): readonly Observed[] {
  return atOnce(observing(input));
}

const name = backendName('web');
const header =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';

test('the table of servers, as HAProxy 2.6 prints it', () => {
  const text = [
    '1',
    header,
    '3 b 1 s1 127.0.0.1 0 0 6 10 3 8 2 0 6 0 0 0 - 18081 - 0 0 - - 0',
    '3 b 2 s2 127.0.0.1 2 0 0 0 3 1 0 2 0 0 0 0 - 18082 - 0 0 - - 0',
    '3 b 3 s4 ::1 2 0 7 7 0 1 0 2 6 0 0 0 - 18083 - 0 0 - - 0',
    '3 b 3 s5 127.0.0.1 0 1 7 7 0 1 0 0 14 0 0 0 - 18083 - 0 0 - - 0',
    '',
  ].join('\n');
  const states = atOnce(parseServersState(text));
  const pick = (i: number) => states[i];
  assert.deepEqual(pick(0), {
    backend: 'b',
    name: 's1',
    address: '127.0.0.1',
    port: 18081,
    weight: 6,
    up: false,
    maintenance: false,
    draining: false,
    checked: true,
    checkedOnce: true,
  });
  assert.deepEqual(
    states.map((state) => healthOf(state, false)),
    ['unhealthy', 'ready', 'initial', 'initial'],
  );
  assert.deepEqual(
    states.map(({ maintenance }) => maintenance),
    [false, false, false, true],
  );
  assert.equal(pick(2)?.address, '::1');
});

test('a table of another version is read by its header; anything else is an error', () => {
  const columns = header.slice(2).split(' ');
  const values: Record<string, string> = {
    be_name: 'b',
    srv_name: 's',
    srv_addr: '10.0.0.1',
    srv_port: '80',
    srv_op_state: '2',
    srv_admin_state: '8',
    srv_uweight: '5',
    srv_check_result: '0',
    srv_check_state: '0',
    srv_check_status: '0',
  };
  const turned = [...columns].reverse();
  const text = ['1', `# ${turned.join(' ')}`, turned.map((column) => values[column] ?? '-').join(' ')].join('\n');
  assert.deepEqual(
    atOnce(parseServersState(text)).map(({ name: server, weight, draining }) => [server, weight, draining]),
    [['s', 5, true]],
  );
  for (const garbage of ['', 'Unknown command', '2\n# a b', '<html>'])
    assert.throws(() => atOnce(parseServersState(garbage)), { code: 'E_HAPROXY_SOCKET' });
});

test('maps and lists', () => {
  assert.deepEqual(
    [...parseMap('0x56 a.test b_1|x\n0x57 ^/a\\.b$ b_2\n\n')],
    [
      ['a.test', 'b_1|x'],
      ['^/a\\.b$', 'b_2'],
    ],
  );
  assert.throws(() => parseMap('0x56 a.test b_1\nnoise'), { code: 'E_HAPROXY_SOCKET' });
  assert.deepEqual(parseCrtList('# crt/f.list\ncerts/d.pem:1\ncerts/a.pem:2 [alpn h2,http/1.1\0] a.test b.test\n'), [
    { cert: 'certs/d.pem', line: 1, hosts: [] },
    { cert: 'certs/a.pem', line: 2, hosts: ['a.test', 'b.test'], options: 'alpn h2,http/1.1' },
  ]);
});

const settings: Resource = { kind: 'Settings', id: 'settings', unit: 'u', serves: [], attrs: {}, refs: {}, sets: {} };
const web: Resource = {
  kind: 'Backend',
  id: 'web',
  unit: 'u',
  serves: ['shop/web'],
  attrs: {},
  refs: {},
  sets: {
    servers: new Map([
      ['10.0.0.1:80', { attrs: { weight: 1 } }],
      ['[::1]:80', { attrs: { weight: 2 } }],
    ]),
  },
};
const front: Resource = {
  kind: 'Frontend',
  id: 'f',
  unit: 'u',
  serves: ['shop/web'],
  attrs: {},
  refs: { default: 'web' },
  sets: {},
};
const intended = layout({ sections: [backend(name, [server('10.0.0.1', 80, 1), server('::1', 80, 2)])] });
const state = (
  line: { readonly name: string; readonly address: string; readonly port: number; readonly weight: number },
  over: Partial<ServerState> = {},
): ServerState => ({
  backend: name,
  name: line.name,
  address: line.address,
  port: line.port,
  weight: line.weight,
  up: true,
  maintenance: false,
  draining: false,
  checked: true,
  checkedOnce: true,
  ...over,
});
const one = server('10.0.0.1', 80, 1);
const six = server('::1', 80, 2);
const input = {
  committed: [settings, web, front],
  intended,
  states: statesOf([state(one), state(six)]),
  draining: new Set<string>(),
  withheld: [],
  proven: true,
};

test('what was committed is seen as it was wanted, with the health of its members', () => {
  const [seenSettings, seen, seenFront] = observedOf(input);
  assert.equal(seenSettings?.kind, 'Settings');
  assert.equal(seen?.sets, web.sets);
  assert.deepEqual(seen?.health, {
    servers: new Map([
      ['10.0.0.1:80', 'ready'],
      ['[::1]:80', 'ready'],
    ]),
  });
  assert.deepEqual([seenFront?.handle, seenFront?.owned, seenFront?.health], ['f', true, undefined]);
});

test('the health of members: unhealthy, not checked yet, draining while connections last', () => {
  const states = statesOf([state(one, { up: false }), state(six, { checkedOnce: false })]);
  assert.deepEqual(
    [...(observedOf({ ...input, states })[1]?.health?.servers?.values() ?? [])],
    ['unhealthy', 'initial'],
  );
  const draining = new Set([`${name}/${one.name}`]);
  assert.equal(observedOf({ ...input, draining })[1]?.health?.servers?.get('10.0.0.1:80'), 'draining');
});

test('drift is seen where it is: missing, taken out, other weight, foreign', () => {
  const members = (servers: readonly ServerState[]) =>
    [...(observedOf({ ...input, states: statesOf(servers) })[1]?.sets.servers ?? [])].map(([key, { attrs }]) => [
      key,
      attrs.weight,
    ]);
  assert.deepEqual(members([state(one)]), [['10.0.0.1:80', 1]]);
  assert.deepEqual(members([state(one), state(six, { maintenance: true })]), [['10.0.0.1:80', 1]]);
  assert.deepEqual(members([state(one, { weight: 9 }), state(six)]), [
    ['10.0.0.1:80', 9],
    ['[::1]:80', 2],
  ]);
  assert.deepEqual(members([state(one), state(six), state(server('10.0.0.9', 80, 4))]), [
    ['10.0.0.1:80', 1],
    ['[::1]:80', 2],
    ['10.0.0.9:80', 4],
  ]);
  // On its way out by our own hand.
  assert.deepEqual(members([state(one), state(six), state(server('10.0.0.9', 80), { maintenance: true })]), [
    ['10.0.0.1:80', 1],
    ['[::1]:80', 2],
  ]);
});

test('what is as it was is the same object; the smallest difference makes a new one', () => {
  const reading = [state(one), state(six), state(one, { backend: 'other' })];
  const first = statesOf(reading);
  const again = statesOf(
    reading.map((each) => ({ ...each })),
    first,
  );
  assert.equal(again.get(name), first.get(name));
  assert.equal(observedOf({ ...input, states: again })[1], observedOf({ ...input, states: first })[1]);
  const fields = { up: false, maintenance: true, draining: true, checked: false, checkedOnce: false, weight: 7 };
  for (const [field, value] of Object.entries({ ...fields, address: '10.0.0.8', port: 81, name: 'x' })) {
    const changed = statesOf([{ ...state(one), [field]: value }, state(six)], first);
    assert.notEqual(changed.get(name), first.get(name), field);
  }
  const sick = statesOf([state(one, { up: false }), state(six)], first);
  assert.notEqual(observedOf({ ...input, states: sick })[1], observedOf({ ...input, states: first })[1]);
  assert.notEqual(healthSummary(sick, new Set()).text, healthSummary(first, new Set()).text);
  assert.deepEqual(restlessBackends(statesOf([state(one, { checkedOnce: false })])), [name]);
});

test('while the process is not proved to serve what was committed, settings are missing and nothing else', () => {
  assert.deepEqual(
    observedOf({ ...input, proven: false }).map(({ kind }) => kind),
    ['Backend', 'Frontend'],
  );
  const dead = observedOf({ ...input, intended: undefined, states: new Map() });
  assert.deepEqual(
    dead.map(({ kind }) => kind),
    ['Backend', 'Frontend'],
  );
  assert.equal(dead[0]?.sets, web.sets);
});

test('what was withheld is told with its reason, in the facts and in the report of the service', () => {
  const withheld = [
    {
      kind: 'Frontend',
      id: 'f',
      code: 'E_PORT_TAKEN',
      message: '0.0.0.0:80 is taken',
      whole: true,
      retry: { bind: { address: '0.0.0.0', port: 80, frontend: 'f' } },
    },
  ] as const;
  const observed = observedOf({ ...input, withheld });
  assert.deepEqual(observed[2]?.facts, { state: 'not served', reason: '0.0.0.0:80 is taken' });
  const service: ExportedService = {
    id: 'shop/web',
    origin: { source: 's', kind: 'k', namespace: 'shop', name: 'web', labels: {} },
    groups: [],
    fronts: [],
    backends: {},
    settings: {},
    settingsOrigin: {},
  };
  const [report] = reportsOf([service], observed, {
    binds: [],
    withheld,
    serving: true,
    own: () => [],
    traffic: () => undefined,
    reason: () => undefined,
  });
  assert.deepEqual(
    report?.conditions.find(({ type }) => type === 'Programmed'),
    { type: 'Programmed', status: false, reason: 'E_PORT_TAKEN', message: '0.0.0.0:80 is taken' },
  );
  assert.deepEqual(report?.targets, [
    { key: '10.0.0.1:80', health: 'ready' },
    { key: '[::1]:80', health: 'ready' },
  ]);
});
