import { actionValue, networkActionValue } from './action-shapes.ts';
import type { Annotation } from './annotation.ts';
import { conditionsValue, transformsValue } from './shapes.ts';
import { text } from './value.ts';
import { attributes } from './words.ts';

const ingress = { on: ['Ingress'] } as const;
const own = { ...ingress, merge: 'own' } as const;
const service = { on: ['Service'], merge: 'own' } as const;
const anything = text(/^[\s\S]*$/, 'anything');

/** A family of annotations: the key goes on behind what stands here. */
export interface Family<T = unknown> extends Annotation<T> {
  /** What may follow. */
  readonly rest: RegExp;
  readonly restSays: string;
  /** A rest for the example. */
  readonly restExample: string;
}

const listener = /^(HTTP|HTTPS|TCP|UDP|TLS|TCP_UDP)-([1-9]\d{0,4})$/;
const name = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,250}[A-Za-z0-9])?$/;
const byListener = { rest: listener, restSays: 'PROTOCOL-PORT such as HTTPS-443' } as const;
const byName = { rest: name, restSays: 'the name of the backend', restExample: 'web' } as const;

/** Families on Ingresses, by what their keys begin with behind `alb.ingress.kubernetes.io/`. */
export const ingressFamilies = {
  'actions.': {
    ...own,
    ...byName,
    rank: 'A',
    sets: 'fronts[].routes[].action',
    value: actionValue,
    example:
      '{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"web","servicePort":80,"weight":90},{"serviceName":"next","servicePort":80,"weight":10}]}}',
  },
  'conditions.': {
    ...own,
    ...byName,
    rank: 'A',
    sets: 'rules.RULE.conditions',
    value: conditionsValue,
    example: '[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"x-canary","values":["yes"]}}]',
  },
  'transforms.': {
    ...own,
    ...byName,
    rank: 'B',
    sets: 'rules.RULE.transforms',
    value: transformsValue,
    example: '[{"type":"url-rewrite","urlRewriteConfig":{"rewrites":[{"regex":"^/api/(.*)$","replace":"/$1"}]}}]',
  },
  'listener-attributes.': {
    ...ingress,
    ...byListener,
    merge: 'merged',
    rank: 'B',
    sets: 'listeners.PROTOCOL-PORT.attributes',
    value: attributes,
    example: 'routing.http.response.server.enabled=false',
    restExample: 'HTTPS-443',
  },
  'target-control-port.': {
    ...own,
    rank: 'C',
    sets: 'refused',
    value: anything,
    example: '3000',
    rest: /^[\w.-]+$/,
    restSays: 'SERVICE.PORT',
    restExample: 'web.80',
    refused: { why: 'is not supported: no agent beside the targets is asked; remove it' },
  },
  'frontend-nlb-': {
    ...own,
    rank: 'B',
    sets: 'nothing: counts with enable-frontend-nlb only, which is refused',
    value: anything,
    example: 'internal',
    rest: /^[a-z0-9-]+$/,
    restSays: 'the rest of a key of the front-end NLB',
    restExample: 'scheme',
  },
} as const satisfies Readonly<Record<string, Family>>;

/** Families on Services, by what their keys begin with behind `service.beta.kubernetes.io/`. */
export const serviceFamilies = {
  'aws-load-balancer-listener-attributes.': {
    ...service,
    ...byListener,
    rank: 'B',
    sets: 'listeners.PROTOCOL-PORT.attributes',
    value: attributes,
    example: 'tcp.idle_timeout.seconds=400',
    restExample: 'TCP-80',
  },
  'actions.': {
    ...service,
    ...byListener,
    rank: 'B',
    sets: 'listeners.PROTOCOL-PORT.forward',
    value: networkActionValue,
    example:
      '{"type":"forward","forwardConfig":{"baseServiceWeight":90,"targetGroups":[{"serviceName":"next","servicePort":80,"weight":10}]}}',
    restExample: 'TCP-80',
  },
} as const satisfies Readonly<Record<string, Family>>;
