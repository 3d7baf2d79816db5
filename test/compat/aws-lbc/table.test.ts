import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Annotation,
  awsLbc,
  ingressFamilies,
  ingressTable,
  serviceFamilies,
  serviceTable,
} from '../../../src/compat/aws-lbc/index.ts';
import { type ReadResult, renderPeerAnnotations } from '../../../src/sources/kubernetes/index.ts';
import {
  alb,
  assertAccepted,
  backing,
  errorsOf,
  ingress,
  ingressClass,
  network,
  nlb,
  oidcSecret,
  path,
  read,
} from './world.ts';

type Fields = Readonly<Record<string, string>>;

/** What a value needs beside it to make sense. */
const companions: Readonly<Record<string, Fields>> = {
  'aws-load-balancer-ipv6-addresses': { 'aws-load-balancer-ip-address-type': 'dualstack' },
  'ssl-redirect': { 'listen-ports': '[{"HTTP": 80}, {"HTTPS": 443}]' },
  'auth-type': { 'auth-idp-oidc': ingressTable['auth-idp-oidc'].example },
};
/** Written by the peer itself, or of no effect: nothing is wrong there. */
const free = new Set(['dry-run-plan', 'frontend-nlb-scheme']);

interface Case {
  readonly key: string;
  readonly entry: Annotation;
  readonly read: (value: unknown) => ReadResult;
  readonly where: 'Service' | 'Ingress' | 'backend Service';
}

function onIngress(key: string, value: unknown): ReadResult {
  const annotations = { ...companions[key], [key]: value };
  const paths = [path('/a', 'web', 'use-annotation'), path('/', 'web')];
  const named = key.startsWith('actions.') ? paths : [path('/', 'web')];
  return read(ingressClass, oidcSecret, ...backing('web'), ...backing('next'), ingress(annotations, named));
}

function onBackend(key: string, value: unknown): ReadResult {
  return read(ingressClass, oidcSecret, ...backing('web', { ...companions[key], [key]: value }), ingress());
}

function onService(key: string, value: unknown): ReadResult {
  const next = network({}, { type: 'ClusterIP', loadBalancerClass: undefined }, 'next');
  const target = { 'aws-load-balancer-nlb-target-type': 'ip' };
  return read(next, network({ ...target, ...companions[key], [key]: value }));
}

const cases: readonly Case[] = [
  ...Object.entries<Annotation>(ingressTable).flatMap(([key, entry]): Case[] => [
    { key, entry, read: (value) => onIngress(key, value), where: 'Ingress' },
    ...(entry.on.includes('Service')
      ? [{ key, entry, read: (value: unknown) => onBackend(key, value), where: 'backend Service' as const }]
      : []),
  ]),
  ...Object.entries(ingressFamilies).map(([prefix, entry]): Case => {
    const key = prefix + entry.restExample;
    return { key, entry, read: (value) => onIngress(key, value), where: 'Ingress' };
  }),
  ...Object.entries<Annotation>(serviceTable).map(
    ([key, entry]): Case => ({ key, entry, read: (value) => onService(key, value), where: 'Service' }),
  ),
  ...Object.entries(serviceFamilies).map(([prefix, entry]): Case => {
    const key = prefix + entry.restExample;
    return { key, entry, read: (value) => onService(key, value), where: 'Service' };
  }),
];

const wholeKey = ({ key, where }: Case): string => (where === 'Service' ? nlb : alb) + key;
const main = ({ where }: Case): string => (where === 'Service' ? 'prod/game' : 'ingress/shop/front');
const invalid = ['', '{', 'maybe!', '=', ',', '-1', '99999999999', 'a=b=,', '"x"'];
const hostile = ['a\u0000b', 'x\u202ey', 'e\u200bf', '{"\u0000":1}', 'k=v\u0007', `${'9'.repeat(20_000)}`];

describe('the tables of annotations', () => {
  it('hold every key once, with a rank and what it sets', () => {
    assert.ok(cases.length > 100);
    for (const { key, entry } of cases) {
      assert.match(entry.rank, /^[ABC]$/, key);
      assert.ok(entry.sets !== '' && entry.value.says !== '' && entry.example !== '', key);
      assert.ok((entry.refused !== undefined) === (entry.sets === 'refused'), key);
    }
  });

  for (const one of cases) {
    const { key, entry, where } = one;
    const name = wholeKey(one);

    it(`${key} on ${where}: its example`, () => {
      const result = one.read(entry.example);
      const service = result.services.find(({ id }) => id === main(one));
      if (entry.refused === undefined) {
        assert.deepEqual(
          errorsOf(result).map(({ message }) => message),
          [],
        );
        assert.ok(service);
        assertAccepted(service);
        return;
      }
      const [problem] = errorsOf(result);
      assert.equal(problem?.field, name);
      assert.match(problem?.message ?? '', /(is not supported|names an ACL)/);
      assert.equal(service, undefined, 'what it asks for must not be left out in silence');
      for (const value of entry.refused.unless ?? []) assert.deepEqual(errorsOf(one.read(value)), [], value);
    });

    it(`${key} on ${where}: wrong values`, () => {
      const told = invalid.filter((value) => {
        const result = one.read(value);
        const mine = errorsOf(result).filter(({ field }) => field?.includes(name));
        const service = result.services.find(({ id }) => id === main(one));
        assert.equal(service === undefined, errorsOf(result).length > 0, JSON.stringify(value));
        if (service !== undefined) assertAccepted(service);
        for (const problem of mine) {
          assert.match(problem.code, /^E_(ANNOTATION_VALUE|ADDRESS)$/);
          assert.match(problem.message, /(must|needs|names|is not supported|cannot)/);
          assert.equal(problem.file, 'a.yaml');
          assert.equal(problem.service, main(one));
        }
        return mine.length > 0;
      });
      assert.ok(told.length > 0 || free.has(key), `nothing is wrong at ${name}`);
      assert.equal(
        errorsOf(one.read(['not', 'a', 'text'])).some(({ field }) => field?.includes(name) === true),
        true,
      );
    });

    it(`${key} on ${where}: hostile values`, () => {
      for (const value of hostile) {
        const result = one.read(value);
        assert.ok(
          errorsOf(result).some(({ field }) => field?.includes(name) === true),
          JSON.stringify(value.slice(0, 20)),
        );
        assert.equal(
          result.services.some(({ id }) => id === main(one)),
          false,
        );
        for (const { message } of result.problems) assert.doesNotMatch(message, /[\u0000-\u001f\u202e\u200b]/);
      }
    });
  }
});

describe('unknown annotations', () => {
  it('warn with the likely spelling, and stop nothing', () => {
    const result = read(
      ingressClass,
      ...backing('web', { 'heathcheck-path': '/x' }),
      ingress({ 'target-typ': 'ip', 'group.names': 'x' }),
      network({ 'aws-load-balancer-schemee': 'internal', 'aws-load-balancer-nlb-target-type': 'ip' }),
    );
    assert.deepEqual(errorsOf(result), []);
    const told = result.problems.filter(({ code }) => code === 'W_ANNOTATION_IGNORED').map(({ message }) => message);
    assert.equal(told.length, 4);
    for (const word of ['target-type', 'group.name', 'healthcheck-path', 'aws-load-balancer-scheme'])
      assert.ok(
        told.some((message) => message.includes(`kubernetes.io/${word}"?`)),
        word,
      );
  });

  it('of a backend Service that count on Ingresses alone are told', () => {
    const result = read(ingressClass, ...backing('web', { scheme: 'internal' }), ingress());
    assert.match(
      result.problems.map(({ message }) => message).join(),
      /Service shop\/web: .*scheme has no effect on objects of kind Service/,
    );
  });
});

describe('the reference', () => {
  it('names every annotation once, and why what is refused is', () => {
    const rows = awsLbc.reference();
    assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
    assert.ok(rows.length > 90);
    const text = renderPeerAnnotations();
    assert.match(text, /^\nAs written for aws-load-balancer-controller:/);
    for (const { name } of rows) assert.ok(text.includes(`\`${name}\``), name);
    assert.match(text, /jwt-validation` \| Ingress \| JSON \| refused: it is not supported/);
  });
});
