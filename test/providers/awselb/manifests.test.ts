import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { capabilities } from '../../../providers/awselb/capabilities.ts';
import { environment as environmentSchema } from '../../../providers/awselb/environment.ts';
import { kinds } from '../../../providers/awselb/kinds.ts';
import { model } from '../../../providers/awselb/model.ts';
import { normalize } from '../../../providers/awselb/normalize.ts';
import { type Options, options } from '../../../providers/awselb/options.ts';
import { type ServiceOptions, serviceOptions } from '../../../providers/awselb/service-options.ts';
import { openApp } from '../../../src/app.ts';
import { configSchema } from '../../../src/config/index.ts';
import type { Provider } from '../../../src/model/index.ts';
import { environment } from './desire.ts';

/** The pure half as a provider: whoever opens it fails. */
const provider: Provider<Options, ServiceOptions> = {
  name: 'awselb',
  capabilities,
  options,
  serviceOptions,
  environment: environmentSchema,
  kinds,
  model,
  normalize,
  open: () => Promise.reject(new Error('contacted')),
};

const manifests = `
apiVersion: v1
kind: Service
metadata:
  name: db
  namespace: shop
  uid: 11111111-2222-3333-4444-555555555555
  annotations:
    service.beta.kubernetes.io/aws-load-balancer-type: external
    service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip
    service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing
    service.beta.kubernetes.io/aws-load-balancer-attributes: load_balancing.cross_zone.enabled=true
spec:
  type: LoadBalancer
  selector: { app: db }
  ports: [{ name: pg, port: 5432, targetPort: 5432, protocol: TCP }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: db-1, namespace: shop, labels: { kubernetes.io/service-name: db } }
addressType: IPv4
ports: [{ name: pg, port: 5432, protocol: TCP }]
endpoints: [{ addresses: [10.0.0.20], conditions: { ready: true } }]
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop, uid: web-uid }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-1, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 8080, protocol: TCP }]
endpoints: [{ addresses: [10.0.0.21], conditions: { ready: true } }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations:
    alb.ingress.kubernetes.io/scheme: internet-facing
    alb.ingress.kubernetes.io/target-type: ip
    alb.ingress.kubernetes.io/group.name: edge
    alb.ingress.kubernetes.io/conditions.web: '[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"X-Canary","values":["yes"]}}]'
spec:
  ingressClassName: alb
  rules:
    - { host: web.shop.test, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { name: http } } } }] } }
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: alb }
spec: { controller: ingress.k8s.aws/alb }
`;

describe('manifests of aws-load-balancer-controller, offline', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-awselb-'));
    await writeFile(join(folder, 'shop.yaml'), manifests);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const open = () =>
    openApp(
      configSchema.parse({
        instance: 'test',
        stateDir: join(folder, 'state'),
        sources: [{ type: 'file', paths: [join(folder, 'shop.yaml')] }],
        balancers: [{ name: 'edge', provider: 'awselb', options: { clusterName: 'cluster-name' } }],
      }),
      { provider: async () => provider as Provider, environments: { awselb: environment } },
    );

  it('are rendered and planned', async () => {
    const app = await open();
    const signal = new AbortController().signal;
    try {
      const rendered = await app.render(signal);
      assert.deepEqual(
        rendered.problems.filter(({ severity }) => severity === 'error'),
        [],
      );
      const resources = rendered.balancers[0]?.resources ?? [];
      const find = (kind: string, part: string) => resources.find((one) => one.kind === kind && one.id.includes(part));
      const nlb = find('LoadBalancer', 'service/shop/db');
      assert.deepEqual(
        [nlb?.attrs.Type, nlb?.attrs.Scheme, nlb?.attrs['load_balancing.cross_zone.enabled']],
        ['network', 'internet-facing', 'true'],
      );
      assert.deepEqual(Object.keys(find('TargetGroup', 'shop/db:5432')?.sets.Targets ?? {}), ['10.0.0.20:5432']);
      assert.equal(find('LoadBalancer', 'ingress/edge')?.attrs.Type, 'application');
      assert.ok(find('TargetGroup', 'ingress/edge|shop/web-web:http'));
      assert.match(
        JSON.stringify(find('Rule', 'ingress/edge|80')?.attrs.Conditions),
        /web\.shop\.test.*x-canary.*"\/\*"/,
      );
      const plan = await app.plan(signal);
      assert.deepEqual(plan.units.map(({ unit }) => unit).sort(), [
        'edge/backend',
        'edge/ingress/edge',
        'edge/service/shop/db',
      ]);
      assert.ok(plan.summary.create > 5);
    } finally {
      await app.close('leave');
    }
  });
});
