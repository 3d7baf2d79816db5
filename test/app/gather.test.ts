import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { distinctProblems } from '../../src/app/distinct-problems.ts';
import { createGather } from '../../src/app/gather.ts';
import type { ExportedService, Snapshot } from '../../src/model/index.ts';
import { httpService } from '../conformance/services.ts';

const snapshot = (services: readonly ExportedService[], rest: Partial<Snapshot> = {}): Snapshot => ({
  services,
  nodes: [],
  problems: [],
  incomplete: [],
  ...rest,
});
const balancers = [{ name: 'main', shared: false }];
const web = httpService('shop/web', 80, []);
const api = httpService('shop/api', 80, []);

describe('gathering sources', () => {
  it('gives the same arrays while nothing changed', () => {
    const gather = createGather(balancers);
    const one = gather([snapshot([web]), snapshot([api])]);
    const two = gather([snapshot([web]), snapshot([api])]);
    assert.equal(one.services, two.services);
    assert.equal(one.taken.get('main'), two.taken.get('main'));
    assert.equal(one.nodes, two.nodes);
    assert.notEqual(gather([snapshot([web])]).services, one.services);
  });

  it('of two sources that know the same service the older stays, and the other is told', () => {
    const young = { ...web, origin: { ...web.origin, source: 'second', createdMs: 1e9 } };
    for (const order of [
      [young, web],
      [web, young],
    ]) {
      const { services, problems } = createGather(balancers)(order.map((service) => snapshot([service])));
      assert.deepEqual(services, [web]);
      assert.equal(problems[0]?.code, 'E_SERVICE_DUPLICATE');
      assert.match(problems[0]?.message ?? '', /source second/);
    }
  });

  it('what could exist is what is not known, and only while something cannot be read', () => {
    const unread = { source: 'a', part: 'x.yaml', reason: 'denied' };
    const partly = createGather(balancers)([snapshot([web], { incomplete: [unread] })]);
    assert.equal(partly.couldExist('shop/gone'), true);
    assert.equal(partly.couldExist('shop/web'), false);
    assert.equal(createGather(balancers)([snapshot([web])]).couldExist('shop/gone'), false);
  });
});

describe('problems', () => {
  it('are told once, errors first', () => {
    const error = { code: 'E_PORT', severity: 'error', source: 'a', message: 'm' } as const;
    const warning = { code: 'W_NO_TARGETS', severity: 'warning', source: 'a', message: 'm' } as const;
    assert.deepEqual(distinctProblems([warning, error, { ...error }, warning]), [error, warning]);
  });
});
