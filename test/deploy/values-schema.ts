/** The schema of the chart's values: what belongs to weir.yaml is held against weir's own schema, so that Helm refuses a typo there too. */
import { providers } from '../../providers/registry.ts';
import { kubernetesSource } from '../../src/config/config.ts';
import { configJsonSchema, type JsonSchema, toJsonSchema } from '../../src/config/index.ts';

type Field = JsonSchema | boolean;

/** What the chart says itself. */
const setByChart = ['sources', 'balancers', 'stateDir', 'drain'];
const listenersByChart = ['metrics', 'api'];
const sourceByChart = ['type', 'controller', 'withoutClass', 'classes', 'namespaces', 'announcers'];
const haproxyByChart = ['mode', 'dir', 'socket', 'masterSocket', 'binary', 'monitor'];

const l2ByChart = ['peers', 'voters', 'address', 'port', 'secretFile'];

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const;
const seconds = { type: 'integer', minimum: 0, maximum: 86_400 } as const;
const name = { type: 'string', maxLength: 63, pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$' } as const;
/** Of what can have no dot: a Service, a namespace. */
const label = { type: 'string', maxLength: 63, pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$' } as const;
const byte = '(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])';
const addressForm = `(?:${byte}\\.){3}${byte}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*`;
const hostForm = '(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\\.)*[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9-]*\\.?';
const address = { type: 'string', pattern: `^(?:${addressForm})$` } as const;
const host = { type: 'string', pattern: `^(?:${hostForm})$` } as const;
const addressOrHost = { type: 'string', pattern: `^(?:${addressForm}|${hostForm})$` } as const;
const labelKey = '(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?';
const labelValue = '(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?';
const labelTerm = `\\s*(?:!?\\s*${labelKey}|${labelKey}\\s*(?:==?|!=)\\s*${labelValue}|${labelKey}\\s+(?:in|notin)\\s*\\(\\s*${labelValue}\\s*(?:,\\s*${labelValue}\\s*)*\\))\\s*`;
const labelSelector = { type: 'string', pattern: `^(?:\\s*|${labelTerm}(?:,${labelTerm})*)$` } as const;
/** What weir.yaml says by rules that a JSON Schema of its own does not carry, by the name of the field. */
const forms: Readonly<Record<string, JsonSchema>> = {
  addresses: { items: addressOrHost },
  hostname: host,
  labelSelector,
};
const texts: JsonSchema = { type: 'array', items: text };
/** The API server is the judge of what it takes. */
const anyObject: JsonSchema = { type: 'object' };
const anyObjects: JsonSchema = { type: 'array', items: anyObject };
const textMap: JsonSchema = { type: 'object', additionalProperties: text };

/** All of it is there, by values.yaml: what somebody has made null, and the templates would stumble over, is told. */
function object(properties: Readonly<Record<string, Field>>, optional: readonly string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', additionalProperties: false, required, properties: { ...properties } };
}

/** JSON Schema draft-7, which every Helm 3 and 4 reads. */
export async function makeValuesSchema(): Promise<JsonSchema> {
  const loaded = Object.entries(providers).map(async ([key, load]) => [key, (await load()).provider.options] as const);
  const options = new Map(await Promise.all(loaded));
  const haproxy = options.get('haproxy');
  const l2 = options.get('l2');
  const whole = plain(configJsonSchema(options));
  if (haproxy === undefined || l2 === undefined) throw new Error('provider haproxy or l2 is gone');
  const { sources, balancers } = whole.properties ?? {};
  if (sources === undefined || balancers === undefined) throw new Error('weir.yaml has no sources or balancers');
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart weir; made by test/deploy/write.ts',
    ...object(
      {
        mode: { type: 'string', enum: ['announcer', 'controller', 'daemonset', 'proxy-deployment'] },
        nameOverride: label,
        fullnameOverride: label,
        image: object({ registry: text, ...image(), pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] } }),
        imagePullSecrets: anyObjects,
        proxy: object({ image: object(image()), resources: anyObject, directorySize: text }),
        replicas: { type: 'integer', minimum: 0 },
        classes: object({ name, create: flag, default: flag, exclusive: flag, also: texts, withoutClass: flag }),
        namespaces: { type: 'array', items: { ...label, minLength: 1 }, uniqueItems: true },
        source: formed(without(plain(toJsonSchema(kubernetesSource)), sourceByChart)),
        extraSources: sources,
        balancers,
        haproxy: formed(without(plain(toJsonSchema(haproxy)), haproxyByChart), { addresses: { items: address } }),
        publish: formed(publishOf(balancers)),
        fromPools: flag,
        announce: object({
          enabled: flag,
          secretName: name,
          port,
          options: without(plain(toJsonSchema(l2)), l2ByChart),
        }),
        settings: settingsOf(whole),
        drainSeconds: seconds,
        finishSeconds: seconds,
        listen: object({ address, metricsPort: port, proxyPort: port, apiPort: port }),
        service: object({
          type: { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
          annotations: textMap,
          loadBalancerClass: text,
          externalTrafficPolicy: { enum: ['Local', 'Cluster'] },
          ports: {
            type: 'array',
            minItems: 1,
            items: object({ name: { ...label, maxLength: 15 }, port, nodePort: port }, ['nodePort']),
          },
        }),
        resources: anyObject,
        serviceAccount: object({ create: flag, name, annotations: textMap }),
        rbac: object({ create: flag, secrets: flag, subjects: anyObjects }),
        networkPolicy: object(
          { enabled: flag, metricsFrom: anyObjects, egress: { type: ['array', 'null'], items: anyObject } },
          ['egress'],
        ),
        podDisruptionBudget: object({ enabled: flag, maxUnavailable: { type: ['integer', 'string'] } }),
        stateVolume: anyObject,
        priorityClassName: text,
        nodeSelector: textMap,
        tolerations: anyObjects,
        affinity: anyObject,
        topologySpreadConstraints: anyObjects,
        podAnnotations: textMap,
        podLabels: textMap,
        env: { type: 'array', items: environmentOf(whole) },
        envFrom: anyObjects,
        volumes: anyObjects,
        volumeMounts: anyObjects,
        // Helm's own, for charts that depend on this one.
        global: anyObject,
      },
      ['global'],
    ),
  };
}

function image(): Readonly<Record<string, Field>> {
  return {
    repository: { type: 'string', minLength: 1 },
    tag: text,
    digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
  };
}

/** With what is known besides of its fields. */
function formed(schema: JsonSchema, more = forms): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([key, field]): [string, Field] => {
    const form = more[key];
    return [key, form === undefined || typeof field !== 'object' ? field : { ...field, ...form }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** A variable of the container; weir's level of logs is one. */
function environmentOf({ properties = {} }: JsonSchema): JsonSchema {
  const { log } = properties;
  const level = typeof log === 'object' ? log.properties?.level : undefined;
  if (level === undefined) throw new Error('weir.yaml has no log.level');
  const another = { properties: { name: { not: { const: 'WEIR_LOG_LEVEL' } } } };
  return { type: 'object', anyOf: [another, { properties: { value: level } }] };
}

function publishOf(balancers: Field): JsonSchema {
  const item = typeof balancers === 'object' ? balancers.items : undefined;
  const field = typeof item === 'object' && !Array.isArray(item) ? item.properties?.publish : undefined;
  if (typeof field !== 'object') throw new Error('a balancer has no publish');
  return field;
}

function settingsOf(whole: JsonSchema): JsonSchema {
  const settings = without(whole, setByChart);
  const properties = Object.entries(settings.properties ?? {}).map(([key, field]): [string, Field] =>
    listenersByChart.includes(key) && typeof field === 'object' ? [key, without(field, ['listen'])] : [key, field],
  );
  return { ...settings, properties: Object.fromEntries(properties) };
}

/** A schema to stand inside another, for whom fields that the chart gives are none. */
function without(schema: JsonSchema, fields: readonly string[]): JsonSchema {
  const { $schema: _, $id: __, title: ___, required: ____, properties, ...rest } = schema;
  const left = Object.entries(properties ?? {}).filter(([key]) => !fields.includes(key));
  if (left.length + fields.length !== Object.keys(properties ?? {}).length)
    throw new Error(`the chart sets ${fields.join(', ')}, and not all of that is there`);
  return { ...rest, additionalProperties: false, properties: Object.fromEntries(left) };
}

/** Only what tells right from wrong. */
function plain(schema: JsonSchema): JsonSchema {
  const told = new Set(['description', 'default', '$id', 'title']);
  const text = JSON.stringify(schema, (key, value: unknown) => {
    const inner = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
    // Fields that are named so are no keywords.
    if (inner === undefined || key === 'properties') return value;
    return Object.fromEntries(Object.entries(inner).filter(([word]) => !told.has(word)));
  });
  return JSON.parse(text);
}
