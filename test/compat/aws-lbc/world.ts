import assert from 'node:assert/strict';
import { serviceOptions } from '../../../providers/awselb/service-options.ts';
import type { ExportedService, Problem } from '../../../src/model/index.ts';
import { type ReadResult, readObjects } from '../../../src/sources/kubernetes/index.ts';
import { options } from '../../sources/kubernetes/read-yaml.ts';

type Fields = Readonly<Record<string, unknown>>;

export const nlb = 'service.beta.kubernetes.io/';
export const alb = 'alb.ingress.kubernetes.io/';
const controllers = ['ingress.k8s.aws/alb'];

/** Reads objects as a source would while a balancer stands in for the peer. */
export function read(...objects: readonly unknown[]): ReadResult {
  const located = objects.map((object, i) => ({ object, file: 'a.yaml', document: i + 1, line: 1 }));
  return readObjects(located, { ...options, controllers });
}

export function errorsOf({ problems }: Pick<ReadResult, 'problems'>): readonly Problem[] {
  return problems.filter(({ severity }) => severity === 'error');
}

/** The one service of an id, with settings that the provider accepts. */
export function serviceOf(result: ReadResult, id: string): ExportedService {
  const found = result.services.find((service) => service.id === id);
  assert.ok(found, `no ${id}: ${result.problems.map(({ message }) => message).join(' | ')}`);
  assertAccepted(found);
  return found;
}

/** Whatever the reader makes of annotations must be words of the provider. */
export function assertAccepted(service: ExportedService): void {
  const parsed = serviceOptions.safeParse(service.settings.awselb ?? {});
  assert.ok(parsed.success, `${service.id}: ${JSON.stringify(parsed.error?.issues)}`);
}

/** `settings.awselb` of a service, read as the provider reads it. */
export function settingsOf(service: ExportedService) {
  return serviceOptions.parse(service.settings.awselb ?? {});
}

/** A Service `prod/game` of the peer's class with TCP ports 80 and 443. */
export function network(annotations: Fields = {}, spec: Fields = {}, name = 'game'): unknown {
  const keys = Object.entries(annotations).map(([key, value]) => [key.includes('/') ? key : nlb + key, value]);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'prod',
      uid: '5b0b5c4e-8a54-4b5c-9c1e-2d7f1f1f0a01',
      annotations: Object.fromEntries(keys),
    },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: 'service.k8s.aws/nlb',
      ports: [
        { name: 'plain', port: 80, targetPort: 8080, nodePort: 30080 },
        { name: 'secure', port: 443, targetPort: 8443, nodePort: 30443 },
      ],
      ...spec,
    },
  };
}

/** A NodePort Service behind Ingresses, with one endpoint. */
export function backing(name: string, annotations: Fields = {}, namespace = 'shop'): readonly unknown[] {
  const keys = Object.entries(annotations).map(([key, value]) => [alb + key, value]);
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace, annotations: Object.fromEntries(keys) },
      spec: { type: 'NodePort', ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 31080 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: [{ addresses: ['10.0.0.9'] }],
    },
  ];
}

export const ingressClass = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'alb' },
  spec: { controller: 'ingress.k8s.aws/alb' },
};

/** A path of a rule; `port` is a number or `use-annotation`. */
export function path(value: string, service: string, port: number | string = 80, pathType = 'Prefix'): unknown {
  const named = typeof port === 'string' ? { name: port } : { number: port };
  return { path: value, pathType, backend: { service: { name: service, port: named } } };
}

/** An Ingress of the peer's class with one rule for shop.test. */
export function ingress(
  annotations: Fields = {},
  paths: readonly unknown[] = [path('/', 'web')],
  more: Fields = {},
  name = 'front',
  namespace = 'shop',
): unknown {
  const keys = Object.entries(annotations).map(([key, value]) => [key.includes('/') ? key : alb + key, value]);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace, annotations: Object.fromEntries(keys) },
    spec: { ingressClassName: 'alb', rules: [{ host: 'shop.test', http: { paths } }], ...more },
  };
}

export const oidcSecret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'oidc', namespace: 'shop' },
  stringData: { clientID: 'shop-client', clientSecret: 'do-not-tell' },
};

/** `listener: host path → action` of every route, for golden comparisons. */
export function routesOf(service: ExportedService): readonly string[] {
  return service.fronts.flatMap(({ key, routes, default: rest }) => [
    ...routes.map(({ hosts, path: match, action, rule }) => {
      const what = match === undefined ? '' : ` ${match.type} ${match.value}`;
      return `${key}: ${hosts.join('|') || '*'}${what} -> ${actionText(action)}${rule === undefined ? '' : ` [${rule}]`}`;
    }),
    ...(rest === undefined ? [] : [`${key}: else -> ${actionText(rest)}`]),
  ]);
}

function actionText(action: NonNullable<ExportedService['fronts'][number]['default']>): string {
  if (action.type === 'forward')
    return action.to.map(({ backend, weight }) => `${backend}*${weight}`).join(' ') || '(others)';
  if (action.type === 'fixed') return `${action.status} ${action.body ?? ''}`.trim();
  const { code, scheme, host, port, path: to } = action;
  return `${code} ${scheme ?? ''}:${host ?? ''}:${port ?? ''}${to ?? ''}`;
}
