/** TLS of a listener that was there before a service came to use it: it is not weakened, and is given back as it was. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { formerSecurity, securityMarks } from '../../../providers/awselb/former-security.ts';
import type { Attrs, ExportedService, Json } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { httpService, tcpService } from '../../conformance/services.ts';

const strong = 'ELBSecurityPolicy-TLS13-1-2-2021-06';

/** A load balancer made by hand with a listener at 443. */
async function opened(t: TestContext, type: 'application' | 'network') {
  const harness = awselbHarness(t.name, {}, () => ({ adopt: { tags: { owner: 'hand' } } }));
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  const { world } = harness.account();
  const elb = new ElasticLoadBalancingV2Client(harness.account().client());
  const [{ VpcId } = { VpcId: '' }] = world.ec2.subnets.all();
  const Subnets = [...world.ec2.subnets.all()].flatMap(({ SubnetId, tags }) =>
    tags.has('kubernetes.io/role/internal-elb') ? [SubnetId] : [],
  );
  const Tags = [{ Key: 'owner', Value: 'hand' }];
  const { LoadBalancers = [] } = await elb.send(
    new CreateLoadBalancerCommand({ Name: 'edge', Type: type, Scheme: 'internal', Subnets, Tags }),
  );
  const [old = '', own = ''] = ['old.test', 'shop.web.test'].map((name) => world.acm.add([name]).CertificateArn);
  const Protocol = type === 'network' ? 'TCP' : 'HTTP';
  const { TargetGroups = [] } = await elb.send(
    new CreateTargetGroupCommand({ Name: 'hand', Protocol, Port: 80, VpcId, TargetType: 'ip' }),
  );
  await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: LoadBalancers[0]?.LoadBalancerArn,
      Port: 443,
      Protocol: type === 'network' ? 'TLS' : 'HTTPS',
      SslPolicy: strong,
      Certificates: [{ CertificateArn: old }],
      DefaultActions: [{ Type: 'forward', TargetGroupArn: TargetGroups[0]?.TargetGroupArn }],
      ...(type === 'network'
        ? { AlpnPolicy: ['HTTP2Preferred'] }
        : { MutualAuthentication: { Mode: 'passthrough' as const } }),
    }),
  );
  const listener = () => [...(world.elb.loadBalancers.list()[0]?.listeners ?? [])][0];
  const security = () => {
    const { SslPolicy, AlpnPolicy, MutualAuthentication, certificate, sni } = listener() ?? assert.fail();
    return JSON.stringify([SslPolicy, AlpnPolicy, MutualAuthentication, certificate, [...sni]]);
  };
  const plain = (type === 'network' ? tcpService : httpService)('shop/web', 443, await harness.targets(1));
  const tls = { mode: 'terminate', certs: [] } as const;
  const protocol = type === 'network' ? 'tls' : 'https';
  const web = (settings: Readonly<Record<string, Json>>): ExportedService => ({
    ...plain,
    fronts: plain.fronts.map((front) => ({ ...front, protocol, tls })),
    settings: { awselb: { adopt: 'edge', certificateArns: [own], ...settings } },
  });
  return { harness, rig, listener, security, web };
}

describe('TLS of an adopted listener', () => {
  for (const type of ['application', 'network'] as const) {
    it(`${type}: stays where no service says otherwise, and certificates are given back without more`, async (t) => {
      const { harness, rig, listener, security, web } = await opened(t, type);
      const before = security();
      const { AlpnPolicy, MutualAuthentication } = listener() ?? assert.fail();
      rig.set([web({})]);
      for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
      const now = listener();
      assert.deepEqual(
        [now?.SslPolicy, now?.AlpnPolicy, now?.MutualAuthentication],
        [strong, AlpnPolicy, MutualAuthentication],
      );
      await assertQuiet(rig, harness);
      rig.set([]);
      for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
      assert.equal(security(), before);
      assert.deepEqual([...(listener()?.tags.keys() ?? [])], []);
    });

    it(`${type}: what a service has asked for is given back`, async (t) => {
      const { harness, rig, listener, security, web } = await opened(t, type);
      const before = security();
      const more: Readonly<Record<string, Json>> =
        type === 'network'
          ? { alpnPolicy: 'HTTP1Only' }
          : { listeners: { 'HTTPS-443': { mutualAuthentication: { mode: 'off' } } } };
      const sslPolicy = 'ELBSecurityPolicy-TLS13-1-3-2021-06';
      rig.set([web({ sslPolicy, ...more })]);
      for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
      assert.deepEqual(
        [listener()?.SslPolicy, listener()?.AlpnPolicy?.[0] ?? listener()?.MutualAuthentication?.Mode],
        [sslPolicy, type === 'network' ? 'HTTP1Only' : 'off'],
      );
      await assertQuiet(rig, harness);
      // Nobody asks any more.
      rig.set([web({})]);
      assertApplied(await rig.apply());
      assert.equal(listener()?.SslPolicy, strong);
      rig.set([web({ sslPolicy, ...more })]);
      assertApplied(await rig.apply());
      await rig.restart();
      rig.set([]);
      for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
      assert.equal(security(), before);
    });
  }

  it('is written down with its trust store', () => {
    const attrs: Attrs = {
      SslPolicy: strong,
      AlpnPolicy: [],
      MutualAuthentication: {
        Mode: 'verify',
        TrustStoreArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:truststore/clients/0123456789abcdef',
        IgnoreClientCertificateExpiry: true,
        AdvertiseTrustStoreCaNames: 'off',
      },
    };
    const Tags = securityMarks({ attrs, sets: {} }, { attrs: { ...attrs, SslPolicy: 'other' }, sets: {} });
    for (const [, { attrs: tag }] of Tags) assert.match(String(tag.Value), /^[\p{L}\p{N} _.:/=+@-]{1,256}$/u);
    assert.deepEqual(formerSecurity({ attrs, sets: { Tags } }), {});
    assert.deepEqual(formerSecurity({ attrs: { SslPolicy: 'other' }, sets: { Tags } }), {
      SslPolicy: strong,
      MutualAuthentication: attrs.MutualAuthentication,
    });
    assert.deepEqual(securityMarks({ attrs, sets: {} }, { attrs, sets: {} }), new Map());
  });
});
