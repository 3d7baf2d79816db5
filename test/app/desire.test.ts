import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { provider } from '../../providers/memory/index.ts';
import { createDesire as createSliced } from '../../src/app/desire.ts';
import { atOnce, type ExportedService } from '../../src/model/index.ts';
import { httpService } from '../conformance/services.ts';

const targets = [{ address: '10.0.0.1', port: 80, weight: 1, state: 'ready' }] as const;
const createDesire = (...input: Parameters<typeof createSliced>) => {
  const desire = createSliced(...input);
  return (...wanted: Parameters<typeof desire>) => atOnce(desire(...wanted));
};
const desireOf = () => createDesire('main', 'node', provider, {});

function withSettings(service: ExportedService, settings: Record<string, string | number>): ExportedService {
  return {
    ...service,
    settings: { memory: settings },
    settingsOrigin: { 'memory.idleMs': 'metadata.annotations["x/idle"]' },
  };
}

describe('what a balancer shall hold', () => {
  const web = httpService('shop/web', 80, targets);
  const api = httpService('shop/api', 80, targets);

  it('unchanged services give the very same resources', () => {
    const desire = desireOf();
    const first = desire({ services: [web, api], nodes: [] }, {}, []);
    const changed = { ...api, backends: { ...api.backends } };
    const second = desire({ services: [web, changed], nodes: [] }, {}, []);
    const of = (made: typeof first, id: string) => made.resources.filter(({ serves }) => serves.includes(id));
    assert.deepEqual(
      of(first, web.id).map(({ kind }) => kind),
      ['LoadBalancer', 'TargetGroup', 'Rule'],
    );
    of(first, web.id).forEach((resource, i) => {
      assert.equal(of(second, web.id)[i], resource);
    });
  });

  it('a setting that cannot be used names the annotation it came from, the value and what is wrong', () => {
    const bad = withSettings(web, { idleMs: -5 });
    const { problems, resources } = desireOf()({ services: [bad, api], nodes: [] }, {}, []);
    const [problem] = problems;
    assert.equal(problem?.code, 'E_ANNOTATION_VALUE');
    assert.equal(problem?.field, 'metadata.annotations["x/idle"]');
    assert.equal(problem?.value, '-5');
    assert.equal(problem?.service, 'shop/web');
    assert.ok(
      resources.some(({ serves }) => serves.includes(api.id)),
      'the others are served',
    );
  });

  it('an unknown setting comes with the likely spelling', () => {
    const bad = withSettings(web, { idleMS: 5 });
    const { problems } = desireOf()({ services: [bad], nodes: [] }, {}, []);
    assert.equal(problems[0]?.code, 'E_FIELD_UNKNOWN');
    assert.match(problems[0]?.message ?? '', /did you mean "idleMs"\?/);
  });

  it('is not all there is while something is there of a service that is held back', () => {
    const told: (boolean | undefined)[] = [];
    const model: typeof provider.model = (input, options) => {
      told.push(input.incomplete);
      return provider.model(input, options);
    };
    const { modelSliced: _, ...plain } = provider;
    const present = desireOf()({ services: [api], nodes: [] }, {}, []).resources.map((resource) => ({
      ...{ ...resource, handle: resource.id, owned: true, facts: {} },
    }));
    for (const held of [web.id, api.id]) {
      const incomplete = (id: string) => id === held;
      createDesire('main', 'node', { ...plain, model }, {})({ services: [], nodes: [], incomplete }, {}, present);
    }
    assert.deepEqual(told, [false, true]);
  });

  it('a service whose settings went bad stays as it was', () => {
    const desire = desireOf();
    const good = desire({ services: [withSettings(web, { idleMs: 7 })], nodes: [] }, {}, []);
    const bad = desire({ services: [withSettings(web, { idleMs: -1 })], nodes: [] }, {}, []);
    assert.deepEqual(bad.resources, good.resources);
    assert.deepEqual([...bad.withheld], []);
    assert.equal(bad.problems.length, 1);
  });

  it('one that was never good is not served, and what exists of it is left alone', () => {
    const { resources, withheld } = desireOf()({ services: [withSettings(web, { idleMs: -1 })], nodes: [] }, {}, []);
    assert.deepEqual(resources, []);
    assert.deepEqual([...withheld], ['shop/web']);
  });

  it('a service at which the provider itself fails stays as it was, or is left out; the others change', () => {
    const fails = (service: ExportedService) => service.origin.labels.fail !== undefined;
    const faulty: typeof provider = {
      ...provider,
      model(input, options) {
        if (input.groups.some(({ services }) => services.some(fails))) throw new TypeError('no such\nthing');
        return provider.model(input, options);
      },
    };
    const desire = createDesire('main', 'node', faulty, {});
    const bad = (service: ExportedService) => ({ ...service, origin: { ...service.origin, labels: { fail: 'x' } } });
    const serves = ({ resources }: ReturnType<typeof desire>) =>
      new Set(resources.flatMap((resource) => resource.serves));
    const first = desire({ services: [web, bad(api)], nodes: [] }, {}, []);
    assert.deepEqual([...serves(first)], [web.id]);
    assert.deepEqual([...first.withheld], [api.id]);
    assert.deepEqual(
      first.problems.map(({ code, service }) => [code, service]),
      [['E_BUG', api.id]],
    );
    assert.match(first.problems[0]?.message ?? '', /no such\\u000athing; the service is left out/);
    desire({ services: [web, api], nodes: [] }, {}, []);
    const third = desire({ services: [web, bad(api)], nodes: [] }, {}, []);
    assert.deepEqual(serves(third), new Set([web.id, api.id]));
    assert.match(third.problems[0]?.message ?? '', /stays as it was/);
    assert.deepEqual([...third.withheld], []);
    assert.deepEqual(desire({ services: [web, api], nodes: [] }, {}, []).problems, []);
  });
});
