import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configSchema, flattenIssues, quickConfig, toJsonSchema } from '../../src/config/index.ts';

const found = (sources: readonly object[]) => {
  const parsed = configSchema.safeParse({ sources }, { reportInput: true });
  return parsed.success ? [] : flattenIssues(parsed.error.issues, toJsonSchema(configSchema));
};
const told = (sources: readonly object[]) => found(sources).map(({ path, message }) => `${path.join('.')}: ${message}`);
const cluster = (name: string, more: object = {}) => ({ type: 'kubernetes', name, ...more });

describe('sources of type kubernetes', () => {
  it('need nothing but their type; what cannot be right is named', () => {
    assert.deepEqual(told([{ type: 'kubernetes' }]), []);
    assert.match(told([{ type: 'kubernets' }]).join('\n'), /^sources\.0\.type: must be of type file or kubernetes/);
    assert.match(
      told([{ type: 'kubernetes', labelSelector: 'a b' }]).join('\n'),
      /labelSelector: must be terms such as/,
    );
    assert.match(told([{ type: 'kubernetes', paths: ['x'] }]).join('\n'), /sources\.0\.paths: unknown field/);
    const text = told([{ type: 'file', paths: ['x'], namespaces: ['shop'] }]).join('\n');
    assert.match(
      text,
      /namespaces: unknown field where type is file; known where type is kubernetes; allowed: type, name, paths/,
    );
    const [misspelt] = found([{ type: 'file', paths: ['x'], clases: ['alb'], namespace: ['a'] }]);
    assert.deepEqual([misspelt?.message, misspelt?.near], ['unknown field', '; did you mean "classes"?']);
  });

  it('several clusters are told apart by name, or merged by all of them', () => {
    assert.deepEqual(told([cluster('a', { cluster: 'east' }), cluster('b', { cluster: 'west' })]), []);
    assert.deepEqual(told([cluster('a'), cluster('b', { cluster: 'west' })]), []);
    const merged = [
      cluster('a', { cluster: 'east', merge: true, weight: 3 }),
      cluster('b', { cluster: 'west', merge: true }),
    ];
    assert.deepEqual(told(merged), []);
    assert.match(told([cluster('a'), cluster('b')]).join('\n'), /^sources\.1\.cluster: must be another name/);
    assert.match(
      told([cluster('a', { merge: true, cluster: 'east' }), cluster('b', { merge: true })]).join('\n'),
      /^sources\.1\.cluster: is missing/,
    );
    assert.match(told([cluster('a', { weight: 3 })]).join('\n'), /^sources\.0\.weight: has an effect/);
  });

  it('stand in for those of a file when the command line names a cluster, beside its files', () => {
    const config = configSchema.parse({
      sources: [{ type: 'file', paths: ['a'] }],
      balancers: [{ provider: 'memory' }],
    });
    const quick = { files: [], groups: [], cluster: { kubeconfig: 'k', namespaces: ['shop'], withoutClass: true } };
    const [only, ...none] = quickConfig(config, quick, 'memory').sources;
    assert.deepEqual(none, []);
    assert.ok(only?.type === 'kubernetes');
    assert.deepEqual([only.kubeconfig, only.namespaces, only.withoutClass], ['k', ['shop'], true]);
    const both = quickConfig(config, { ...quick, files: ['b'] }, 'memory').sources.map(({ type }) => type);
    assert.deepEqual(both, ['file', 'kubernetes']);
  });

  it('keep what the one configured source of their type says when the command line names a cluster or files', () => {
    const sources = [
      { type: 'kubernetes', kubeconfig: 'old', context: 'of-old', withoutClass: true, poolsNamespace: 'pools' },
      { type: 'file', paths: ['a'], allowTargets: ['127.0.0.0/8'], classes: ['x'] },
    ];
    const config = configSchema.parse({ sources, balancers: [{ provider: 'memory' }] });
    const cluster = { kubeconfig: 'new', namespaces: [], withoutClass: false };
    const quick = { files: ['b'], groups: [], cluster };
    const [files, live, ...none] = quickConfig(config, quick, 'memory').sources;
    assert.deepEqual(none, []);
    assert.ok(files?.type === 'file' && live?.type === 'kubernetes');
    assert.deepEqual([files.paths, files.classes], [['b'], ['x']]);
    const { kubeconfig, context, withoutClass, poolsNamespace } = live;
    assert.deepEqual([kubeconfig, context, withoutClass, poolsNamespace], ['new', undefined, true, 'pools']);
    const narrowed = { ...quick, cluster: { ...cluster, context: 'c', namespaces: ['shop'] } };
    const [, narrow] = quickConfig(config, narrowed, 'memory').sources;
    assert.ok(narrow?.type === 'kubernetes');
    assert.deepEqual([narrow.context, narrow.namespaces, narrow.withoutClass], ['c', ['shop'], true]);
  });

  it('refuse a cluster of the command line where several are configured', () => {
    const sources = [cluster('a', { cluster: 'east' }), cluster('b', { cluster: 'west' })];
    const config = configSchema.parse({ sources, balancers: [{ provider: 'memory' }] });
    const quick = { files: [], groups: [], cluster: { kubeconfig: 'k', namespaces: [], withoutClass: false } };
    assert.throws(() => quickConfig(config, quick, 'memory'), {
      code: 'E_USAGE',
      message: /--kubeconfig names one cluster, and the configuration has several: east, west; set kubeconfig/,
    });
  });
});
