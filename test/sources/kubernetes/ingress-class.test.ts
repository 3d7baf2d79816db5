import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubernetesReadOptions } from '../../../src/sources/kubernetes/index.ts';
import { backing, brief, ingress, readYaml } from './read-yaml.ts';

function ingressClass(name: string, controller: string, more = ''): string {
  return `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: ${name}${more} }
spec: { controller: ${controller} }
---`;
}

const isDefault = ', annotations: { ingressclass.kubernetes.io/is-default-class: "true" }';
const ours = ingressClass('weir', 'weir-lb.dev/ingress');
const other = ingressClass('nginx', 'k8s.io/ingress-nginx');
const backend = '  defaultBackend: { service: { name: web, port: { number: 80 } } }';
const field = (name: string): string => `${backend}\n  ingressClassName: ${name}`;
const legacy = (name: string): string => `  annotations: { kubernetes.io/ingress.class: ${name} }`;

interface Row {
  readonly name: string;
  readonly classes: string;
  readonly spec: string;
  readonly metadata?: string;
  readonly options?: Partial<KubernetesReadOptions>;
  /** Class of the exported service; null: exported without class; undefined: not ours. */
  readonly expected: string | null | undefined;
  readonly problems?: readonly string[];
}

const rows: readonly Row[] = [
  { name: 'no IngressClass known: any class is taken', classes: '', spec: field('x'), expected: 'x' },
  {
    name: 'no IngressClass known: legacy annotation',
    classes: '',
    spec: backend,
    metadata: legacy('x'),
    expected: 'x',
  },
  { name: 'no IngressClass known: no class', classes: '', spec: backend, expected: null },
  {
    name: 'no IngressClass known: narrowed to it',
    classes: '',
    spec: field('x'),
    options: { classes: ['x'] },
    expected: 'x',
  },
  {
    name: 'no IngressClass known: narrowed away',
    classes: '',
    spec: field('x'),
    options: { classes: ['y'] },
    expected: undefined,
  },
  { name: 'no class, narrowed', classes: '', spec: backend, options: { classes: ['x'] }, expected: undefined },
  {
    name: 'no class, narrowed, watchWithoutClass',
    classes: '',
    spec: backend,
    options: { classes: ['x'], watchWithoutClass: true },
    expected: null,
  },
  { name: 'our controller', classes: ours, spec: field('weir'), expected: 'weir' },
  { name: 'another controller: silent', classes: ours + other, spec: field('nginx'), expected: undefined },
  {
    name: 'controllers option',
    classes: other,
    spec: field('nginx'),
    options: { controllers: ['k8s.io/ingress-nginx'] },
    expected: 'nginx',
  },
  {
    name: 'class that does not exist: told',
    classes: ours,
    spec: field('wier'),
    expected: undefined,
    problems: ['E_FIELD_VALUE spec.ingressClassName'],
  },
  {
    name: 'class that does not exist, configured',
    classes: ours,
    spec: field('wier'),
    options: { classes: ['wier'] },
    expected: 'wier',
  },
  { name: 'legacy annotation of our class', classes: ours, spec: backend, metadata: legacy('weir'), expected: 'weir' },
  {
    name: 'legacy annotation of another class',
    classes: ours + other,
    spec: backend,
    metadata: legacy('nginx'),
    expected: undefined,
  },
  {
    name: 'legacy annotation without an object',
    classes: ours,
    spec: backend,
    metadata: legacy('old'),
    expected: undefined,
  },
  {
    name: 'legacy annotation without an object, configured',
    classes: ours,
    spec: backend,
    metadata: legacy('old'),
    options: { classes: ['old'] },
    expected: 'old',
  },
  {
    name: 'the field wins over the annotation',
    classes: ours + other,
    spec: field('nginx'),
    metadata: legacy('weir'),
    expected: undefined,
  },
  {
    name: 'the field wins over the annotation (2)',
    classes: ours + other,
    spec: field('weir'),
    metadata: legacy('nginx'),
    expected: 'weir',
  },
  { name: 'an empty field is no field', classes: ours, spec: field('""'), metadata: legacy('weir'), expected: 'weir' },
  { name: 'no class, none is default', classes: ours, spec: backend, expected: undefined },
  {
    name: 'no class, watchWithoutClass',
    classes: ours,
    spec: backend,
    options: { watchWithoutClass: true },
    expected: null,
  },
  {
    name: 'no class, ours is default',
    classes: ingressClass('weir', 'weir-lb.dev/ingress', isDefault),
    spec: backend,
    expected: 'weir',
  },
  {
    name: 'no class, another is default',
    classes: ours + ingressClass('nginx', 'k8s.io/ingress-nginx', isDefault),
    spec: backend,
    expected: undefined,
  },
  {
    name: 'no class, ours is marked as not default',
    classes: ingressClass('weir', 'weir-lb.dev/ingress', isDefault.replace('true', 'false')),
    spec: backend,
    expected: undefined,
  },
  {
    name: 'two defaults: the newest',
    classes:
      ingressClass('weir', 'weir-lb.dev/ingress', `${isDefault}, creationTimestamp: "2026-01-02T00:00:00Z"`) +
      ingressClass('nginx', 'k8s.io/ingress-nginx', `${isDefault}, creationTimestamp: "2026-01-01T00:00:00Z"`),
    spec: backend,
    expected: 'weir',
  },
];

describe('class of an Ingress', () => {
  for (const row of rows) {
    test(row.name, () => {
      const { services, problems } = readYaml(
        backing('web') + row.classes + ingress(row.spec, row.metadata),
        row.options,
      );
      const [found] = services;
      assert.equal(found === undefined ? undefined : (found.class ?? null), row.expected);
      assert.deepEqual(brief(problems), row.problems ?? []);
    });
  }

  test('nothing is said about what is wrong with the Ingress of another controller', () => {
    const broken = `  ingressClassName: nginx\n  rules: [{ host: "a b" }]`;
    assert.deepEqual(readYaml(ours + other + ingress(broken)).problems, []);
  });

  test('a class that cannot be read is told, although it cannot be known whose the Ingress is', () => {
    const { services, problems } = readYaml(ours + ingress(field('"a b"')));
    assert.deepEqual([services, brief(problems)], [[], ['E_NAME spec.ingressClassName']]);
  });

  test("an IngressClass without a readable controller is nobody's, and does not open the door to every class", () => {
    const broken = '\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: x }\nspec: {}\n---';
    const { services, problems } = readYaml(backing('web') + broken + ingress(field('x')));
    assert.deepEqual([services, brief(problems)], [[], ['E_FIELD_MISSING spec.controller']]);
  });

  test('one that is being deleted is not served', () => {
    const deleting = '  deletionTimestamp: "2026-01-01T00:00:00Z"';
    assert.deepEqual(readYaml(backing('web') + ingress(backend, deleting)).services, []);
  });
});
