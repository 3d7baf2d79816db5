import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BadCertificate,
  certificatesOf,
  withholdCertificates,
  withholdPorts,
} from '../../../../providers/haproxy/commit-withhold.ts';
import { frontendName } from '../../../../providers/haproxy/names.ts';
import type { PortRefusal } from '../../../../providers/haproxy/port-trial.ts';
import type { Member, Resource } from '../../../../src/model/index.ts';

function resource(kind: string, id: string, parts: Partial<Resource>): Resource {
  return { kind, id, unit: 'u', serves: [], attrs: {}, refs: {}, sets: {}, ...parts };
}

function frontend(port: number, certs: Readonly<Record<string, readonly string[]>> = {}): Resource {
  const members = Object.entries(certs).map(([sha256, hosts], i): [string, Member] => [
    sha256,
    { attrs: { hosts, isDefault: i === 0 } },
  ]);
  return resource('Frontend', `f${port}`, {
    attrs: { key: `f${port}`, mode: 'http', tls: members.length > 0, port, addresses: [] },
    sets: { certs: new Map(members) },
  });
}

const route = (port: number) => resource('Route', `r${port}`, { refs: { frontend: `f${port}`, backend: 'b' } });
const backend = resource('Backend', 'b', {
  attrs: { mode: 'http', balance: 'roundrobin', tls: { verify: true, ca: 'ca' } },
  sets: { servers: new Map([['10.0.0.1:80', { attrs: { weight: 1 } }]]) },
});
const bad = (...sha256s: string[]): ReadonlyMap<string, BadCertificate> =>
  new Map(sha256s.map((sha256) => [sha256, { code: 'E_CERT_MISSING', reason: 'it is missing' }]));
const certsOf = (found: readonly Resource[], port: number) =>
  [...(found.find(({ id }) => id === `f${port}`)?.sets.certs ?? [])].map(([sha256, { attrs }]) => [
    sha256,
    attrs.isDefault,
  ]);

test('nothing bad, nothing touched', () => {
  const resources = [frontend(1, { a: ['a.test'] }), backend];
  assert.equal(withholdCertificates(resources, bad(), []).resources, resources);
  assert.equal(withholdPorts(resources, [], [], frontendName, () => false).resources, resources);
  assert.deepEqual(certificatesOf(resources), { served: new Set(['a']), authorities: new Set(['ca']) });
});

test('a bad certificate goes alone; another becomes the default; the rest is the same object', () => {
  const resources = [frontend(1, { a: ['a.test'], b: ['b.test'] }), frontend(2, { c: ['c.test'] }), route(1)];
  const { resources: given, withheld } = withholdCertificates(resources, bad('a'), []);
  assert.deepEqual(certsOf(given, 1), [['b', true]]);
  assert.equal(given[1], resources[1]);
  assert.equal(given[2], resources[2]);
  assert.deepEqual(withheld, [
    {
      kind: 'Frontend',
      id: 'f1',
      code: 'E_CERT_MISSING',
      message: 'certificate for a.test: it is missing; served without it',
      whole: false,
      retry: { sha256: 'a', withKey: true },
    },
  ]);
});

test('the certificate before serves the same hosts on, unless it is bad too', () => {
  const before = [frontend(1, { old: ['a.test'] })];
  const next = [frontend(1, { new: ['a.test'] })];
  assert.deepEqual(certsOf(withholdCertificates(next, bad('new'), before).resources, 1), [['old', true]]);
  const { resources, withheld } = withholdCertificates(next, bad('new', 'old'), before);
  assert.deepEqual(resources, []);
  assert.deepEqual(
    withheld.map(({ whole }) => whole),
    [false, true],
  );
});

test('a frontend without any certificate goes with its routes, and nothing else', () => {
  const resources = [frontend(1, { a: ['a.test'] }), route(1), frontend(2), route(2)];
  assert.deepEqual(
    withholdCertificates(resources, bad('a'), []).resources.map(({ id }) => id),
    ['f2', 'r2'],
  );
});

test('without its authority a backend sends nothing to targets that it cannot verify', () => {
  const { resources, withheld } = withholdCertificates([backend, frontend(2)], bad('ca'), []);
  assert.equal(resources[0]?.sets.servers?.size, 0);
  assert.deepEqual(resources[0]?.attrs, { mode: 'http', balance: 'roundrobin' });
  assert.match(withheld[0]?.message ?? '', /503/);
});

test('ports: the frontend keeps its other addresses, or goes; quiet losses are not told while something is left', () => {
  const binds = [
    { address: '0.0.0.0', port: 1, frontend: frontendName('f1') },
    { address: '::', port: 1, frontend: frontendName('f1') },
    { address: '0.0.0.0', port: 2, frontend: frontendName('f2') },
  ];
  const refusal = (i: number): PortRefusal[] =>
    binds.slice(i, i + 1).map((bind) => ({ bind, code: 'E_PORT_TAKEN', reason: `taken ${i}` }));
  const resources = [frontend(1), route(1), frontend(2), route(2)];
  const loud = withholdPorts(resources, binds, refusal(1), frontendName, () => false);
  assert.deepEqual(loud.resources[0]?.attrs.addresses, ['0.0.0.0']);
  assert.deepEqual(
    loud.withheld.map(({ message, whole }) => [message, whole]),
    [['taken 1', false]],
  );
  assert.deepEqual(withholdPorts(resources, binds, refusal(1), frontendName, () => true).withheld, []);
  const out = withholdPorts(resources, binds, refusal(2), frontendName, () => true);
  assert.deepEqual(
    out.resources.map(({ id }) => id),
    ['f1', 'r1'],
  );
  assert.deepEqual(
    out.withheld.map(({ message, whole }) => [message, whole]),
    [['taken 2', true]],
  );
});
