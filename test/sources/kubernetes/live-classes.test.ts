import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Followed, ingress, ingressClass, type LiveStage, liveStage, service, slice } from './live-stage.ts';

const isDefault = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
const hosts = ({ services }: { services: readonly { id: string }[] }) =>
  services.map(({ id }) => id).filter((id) => id.startsWith('ingress/'));
const told = ({ problems }: { problems: readonly { code: string; service?: string }[] }) =>
  problems.filter(({ service }) => service?.startsWith('ingress/')).map(({ code }) => code);

async function served(
  { cluster, follow }: LiveStage,
  more: Parameters<LiveStage['follow']>[2] = {},
): Promise<Followed> {
  const classless = ingress('plain', 'plain.test', { ingressClassName: undefined });
  const web = service('web', { type: 'ClusterIP', loadBalancerClass: undefined });
  for (const one of [ingressClass('weir', undefined, isDefault), ingress('a', 'a.test'), classless, web])
    cluster.put(one);
  cluster.put(slice('web', ['10.0.0.1']));
  const followed = follow({}, cluster, more);
  await followed.until((snapshot) => hosts(snapshot).length === 2);
  return followed;
}

describe('an IngressClass that is deleted', () => {
  test('leaves what is served, with its targets as they come, and that is told; a restart changes nothing', async (t) => {
    const stage = await liveStage(t);
    const { cluster, follow } = stage;
    const followed = await served(stage);
    cluster.put(ingress('other', 'other.test', { ingressClassName: 'nginx' }));
    cluster.remove('IngressClass', '', 'weir');
    const after = await followed.until((snapshot) => told(snapshot).length === 2);
    assert.deepEqual(
      [hosts(after), told(after)],
      [
        ['ingress/shop/a', 'ingress/shop/plain'],
        ['W_CLASS_GONE', 'W_CLASS_GONE'],
      ],
    );
    assert.match(
      after.problems.map(({ message }) => message).join('\n'),
      /Ingress shop\/plain.*weir is gone.*served on/,
    );
    cluster.put(slice('web', ['10.0.0.2']));
    await followed.until(({ services }) => JSON.stringify(services).includes('10.0.0.2'));
    await followed.stop();
    const again = await follow().until((snapshot) => told(snapshot).length === 2);
    assert.deepEqual(hosts(again), ['ingress/shop/a', 'ingress/shop/plain']);
  });

  test('what names another class then is let go; what comes new is not taken', async (t) => {
    const stage = await liveStage(t);
    const { cluster } = stage;
    const followed = await served(stage);
    cluster.remove('IngressClass', '', 'weir');
    await followed.until((snapshot) => told(snapshot).length === 2);
    cluster.put(ingress('a', 'a.test', { ingressClassName: 'nginx' }));
    cluster.put(ingress('new', 'new.test'));
    const left = await followed.until((snapshot) => hosts(snapshot).length === 1);
    assert.deepEqual(hosts(left), ['ingress/shop/plain']);
    cluster.put(ingressClass());
    const back = await followed.until((snapshot) => hosts(snapshot).includes('ingress/shop/new'));
    assert.deepEqual(told(back), []);
  });

  test('of a peer: what is served stays as it was', async (t) => {
    const stage = await liveStage(t);
    const followed = await served(stage, { controllers: ['ingress.k8s.aws/alb'] });
    stage.cluster.remove('IngressClass', '', 'weir');
    const after = await followed.until((snapshot) => told(snapshot).length === 2);
    assert.deepEqual([hosts(after).length, told(after)], [2, ['E_FIELD_VALUE', 'E_FIELD_VALUE']]);
  });
});
