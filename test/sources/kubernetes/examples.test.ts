import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { brief, readYaml, targetsOf } from './read-yaml.ts';
import { certificateFor, tlsSecret } from './tls-secret.ts';

const example = (name: string): string =>
  readFileSync(new URL(`../../../deploy/examples/kubernetes/${name}`, import.meta.url), 'utf8');

describe('examples', () => {
  test('shop.yaml without its Secret: http alone, and told', () => {
    const { service, problems } = readYaml(example('shop.yaml'));
    const front = service('ingress/shop/front');
    assert.deepEqual(
      front.fronts.map(({ key, port }) => `${key} ${port}`),
      ['http 80'],
    );
    assert.deepEqual(targetsOf(front, 'web:80'), ['10.20.0.11:8080 ready', '10.20.1.12:8080 ready']);
    assert.deepEqual(targetsOf(front, 'api:8000'), ['10.20.0.21:9000 ready']);
    assert.deepEqual(brief(problems), ['E_CERT_MISSING spec.tls[0].secretName']);
  });

  test('shop.yaml with a Secret: https, and http redirects', () => {
    const cert = certificateFor(['shop.test']);
    const { service, problems } = readYaml(
      `${example('shop.yaml')}\n---${tlsSecret('shop-tls', cert.certPem, cert.keyPem)}`,
    );
    assert.deepEqual(problems, []);
    const [http, https] = service('ingress/shop/front').fronts;
    assert.deepEqual(
      http?.routes.map(({ path, action }) => `${path?.value} ${action.type}`),
      ['/api redirect', '/ redirect', '/.well-known/acme-challenge forward'],
    );
    assert.deepEqual(
      https?.routes.map(({ path, action }) => `${path?.value} ${action.type}`),
      ['/api forward', '/ forward'],
    );
  });

  test('database.yaml', () => {
    const { service, problems } = readYaml(example('database.yaml'));
    assert.deepEqual(problems, []);
    assert.deepEqual(targetsOf(service('data/orders'), 'postgres'), [
      '10.30.0.5:5432 ready',
      '10.30.0.6:5432 draining',
    ]);
  });

  test('alb.yaml, as its own controller reads it', () => {
    const { service, problems } = readYaml(example('alb.yaml'));
    assert.deepEqual(problems, []);
    const shop = service('ingress/cloud/cloud-shop');
    assert.deepEqual(shop.bundle, { key: 'cloud', order: 0 });
    assert.deepEqual(shop.fronts[1]?.routes[0]?.action, {
      type: 'forward',
      to: [
        { backend: 'web:80', weight: 90 },
        { backend: 'web-next:80', weight: 10 },
      ],
    });
    assert.deepEqual(targetsOf(shop, 'web-next:80'), ['10.40.2.13:8080 ready']);
  });

  test('legacy.yaml', () => {
    const { services, problems } = readYaml(example('legacy.yaml'));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      services.map(({ id, fronts }) => `${id} ${fronts.map(({ protocol, port }) => `${protocol}:${port}`).join()}`),
      ['old/cart http:80,tcp:6379', 'ingress/old/blog http:80'],
    );
  });
});
