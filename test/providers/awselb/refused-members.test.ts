/** A member of a group that is refused: what exists of it stays, and what that stands on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExportedService, Json } from '../../../src/model/index.ts';
import { backend, http, https, prefix, route, service, target, tcp } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { desire, find, planned, told } from './desire.ts';

const bad = { backends: { web: { attributes: { 'deregistration_delay.timeout_seconds': 'x' } } } };
const member = (name: string, port: number, awselb: { readonly [key: string]: Json } = {}) =>
  service(`shop/${name}`, [tcp(port)], {
    backends: { web: backend({ protocol: 'tcp' }) },
    settings: { awselb: { group: 'edge', ...awselb } },
  });
const arn = (name: string) => `arn:aws:acm:eu-west-1:123456789012:certificate/${name}`;
const secured = (
  name: string,
  more: Partial<ExportedService['fronts'][number]>,
  awselb: { readonly [key: string]: Json } = {},
) =>
  service(`shop/${name}`, [https([route([`${name}.test`], prefix('/'))], [], more)], {
    backends: { web: backend({ targets: [target('10.0.0.1', 8080)] }) },
    bundle: { key: 'edge', order: 0 },
    settings: { awselb: { certificateArns: [arn(name)], ...awselb } },
  });

const nothingToDo = (before: readonly ExportedService[], after: readonly ExportedService[]): void => {
  const { cloud } = converge(before);
  const present = cloud.observe();
  const desired = desire(after, { present });
  assert.equal(told(desired).length, 1, told(desired).join());
  assert.deepEqual(
    planned(desired.resources, present).steps.map(({ op, kind, id, set }) => `${op} ${kind} ${id} ${set}`),
    [],
  );
};

describe('a refused member of a group', () => {
  it('is reached at its port, though nobody else is', () => {
    nothingToDo([member('a', 80), member('b', 81)], [member('a', 80), member('b', 81, bad)]);
  });

  it('keeps its certificate at the listener of all', () => {
    nothingToDo([secured('a', {}), secured('b', {})], [secured('a', {}), secured('b', {}, bad)]);
  });

  it('that says who may come in is heard: nobody else does', () => {
    const ranges = { sourceRanges: ['10.0.0.0/8'] };
    nothingToDo([secured('a', {}), secured('b', ranges)], [secured('a', {}), secured('b', ranges, bad)]);
    // Where a member says it, it counts; and one that never was there closes nothing.
    const { cloud } = converge([secured('a', {})]);
    const present = cloud.observe();
    const never = desire([secured('a', {}), secured('b', ranges, bad)], { present });
    assert.deepEqual(planned(never.resources, present).steps, []);
  });

  it('answers where no rule holds, as before', () => {
    const front = (more: object = {}) =>
      service('shop/b', [http([], { default: { type: 'forward', to: [{ backend: 'web', weight: 1 }] } })], {
        backends: { web: backend({ targets: [target('10.0.0.2', 8080)] }) },
        bundle: { key: 'edge', order: 0 },
        settings: { awselb: { ...more } },
      });
    const a = service('shop/a', [http([route(['a.test'], prefix('/'))])], {
      backends: { web: backend({ targets: [target('10.0.0.1', 8080)] }) },
      bundle: { key: 'edge', order: 0 },
    });
    nothingToDo([a, front()], [a, front(bad)]);
    // Who asks for the default now has it.
    const { cloud } = converge([a, front()]);
    const { resources } = desire([a], { present: cloud.observe() });
    assert.equal(find(resources, 'Listener').sets.TargetGroups?.size ?? 0, 0);
  });
});
