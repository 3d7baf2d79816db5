/** Listeners and certificates: what AWS does and moto 5.2.5 does not. */
import assert from 'node:assert/strict';
import { RequestCertificateCommand } from '@aws-sdk/client-acm';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { accepts, type Claim, present, refuses, type Stage } from '../stage.ts';

const certificates = async (stage: Stage, ListenerArn: string) =>
  (await stage.elb.send(new elb.DescribeListenerCertificatesCommand({ ListenerArn }))).Certificates ?? [];
const addCertificate = (stage: Stage, ListenerArn: string, CertificateArn: string) =>
  stage.elb.send(new elb.AddListenerCertificatesCommand({ ListenerArn, Certificates: [{ CertificateArn }] }));
const modify = (stage: Stage, ListenerArn: string, input: Partial<elb.ModifyListenerInput>) =>
  stage.elb.send(new elb.ModifyListenerCommand({ ListenerArn, ...input }));

/** An NLB with a TLS listener. */
async function tls(stage: Stage): Promise<{ balancer: string; listener: string; group: string }> {
  const { LoadBalancerArn: balancer } = await stage.nlb();
  const group = await stage.group();
  const Certificates = [{ CertificateArn: stage.certificate() }];
  return {
    balancer,
    group,
    listener: await stage.listener(balancer, group, { Protocol: 'TLS', Port: 443, Certificates }),
  };
}

export const listenerClaims: readonly Claim[] = [
  {
    says: 'a create of the same listener answers the one that is there',
    async check(stage) {
      const { balancer, group, listener } = await stage.tcp();
      assert.equal(await accepts(stage.listener(balancer, group)), listener);
    },
  },
  {
    says: 'another listener on a used port is DuplicateListener',
    async check(stage) {
      const { balancer } = await stage.tcp();
      await refuses(stage.listener(balancer, await stage.group()), 'DuplicateListener');
    },
  },
  {
    says: 'UDP beside TCP on one port is DuplicateListener',
    async check(stage) {
      const { balancer } = await stage.tcp();
      await refuses(
        stage.listener(balancer, await stage.group({ Protocol: 'UDP' }), { Protocol: 'UDP' }),
        'DuplicateListener',
      );
    },
  },
  {
    says: 'TLS needs a certificate',
    async check(stage) {
      const { LoadBalancerArn } = await stage.nlb();
      await refuses(
        stage.listener(LoadBalancerArn, await stage.group(), { Protocol: 'TLS', Port: 443 }),
        'CertificateNotFound',
        'ValidationError',
      );
    },
  },
  {
    says: 'an unknown security policy is SSLPolicyNotFound',
    async check(stage) {
      const { LoadBalancerArn } = await stage.nlb();
      const input = {
        Protocol: 'TLS',
        Port: 443,
        SslPolicy: 'Nonsense',
        Certificates: [{ CertificateArn: stage.certificate() }],
      } as const;
      await refuses(
        stage.listener(LoadBalancerArn, await stage.group(), { ...input, Certificates: [...input.Certificates] }),
        'SSLPolicyNotFound',
      );
    },
  },
  {
    says: 'a listener is made with one certificate, not with two',
    async check(stage) {
      const { LoadBalancerArn } = await stage.alb();
      const Certificates = [{ CertificateArn: stage.certificate(0) }, { CertificateArn: stage.certificate(1) }];
      const call = stage.listener(LoadBalancerArn, await stage.webGroup(), {
        Protocol: 'HTTPS',
        Port: 443,
        Certificates,
      });
      await refuses(call, 'ValidationError', 'TooManyCertificates');
    },
  },
  {
    says: 'a UDP listener can be modified with its protocol',
    async check(stage) {
      const { LoadBalancerArn } = await stage.nlb();
      const listener = await stage.listener(LoadBalancerArn, await stage.group({ Protocol: 'UDP' }), {
        Protocol: 'UDP',
        Port: 53,
      });
      await accepts(modify(stage, listener, { Protocol: 'UDP', Port: 54 }));
    },
  },
  {
    says: 'a TLS listener takes a new certificate without its protocol being said',
    async check(stage) {
      const { listener } = await tls(stage);
      const answer = await modify(stage, listener, { Certificates: [{ CertificateArn: stage.certificate(2) }] });
      assert.equal(answer.Listeners?.[0]?.Certificates?.[0]?.CertificateArn, stage.certificate(2));
    },
  },
  {
    says: 'a listener cannot move to a used port',
    async check(stage) {
      const { balancer, listener } = await stage.tcp();
      await stage.listener(balancer, await stage.group(), { Port: 81 });
      await refuses(modify(stage, listener, { Port: 81 }), 'DuplicateListener');
    },
  },
  {
    says: 'certificates for names outlive a change of the default one',
    async check(stage) {
      const { LoadBalancerArn } = await stage.alb();
      const Certificates = [{ CertificateArn: stage.certificate(0) }];
      const listener = await stage.listener(LoadBalancerArn, await stage.webGroup(), {
        Protocol: 'HTTPS',
        Port: 443,
        Certificates,
      });
      await addCertificate(stage, listener, stage.certificate(1));
      await modify(stage, listener, { Certificates: [{ CertificateArn: stage.certificate(2) }] });
      assert.ok(
        (await certificates(stage, listener)).some(({ CertificateArn }) => CertificateArn === stage.certificate(1)),
      );
    },
  },
  {
    says: 'adding a certificate twice is adding it once',
    async check(stage) {
      const { listener } = await tls(stage);
      await addCertificate(stage, listener, stage.certificate(1));
      await addCertificate(stage, listener, stage.certificate(1));
      assert.equal((await certificates(stage, listener)).length, 2);
    },
  },
  {
    says: 'the limit of 25 certificates leaves the default one out',
    async check(stage) {
      const { listener } = await tls(stage);
      for (let i = 0; i < 25; i++) {
        const { CertificateArn } = await stage.acm.send(
          new RequestCertificateCommand({ DomainName: `n${i}.${stage.name()}.example` }),
        );
        await accepts(addCertificate(stage, listener, present(CertificateArn)));
      }
    },
  },
  {
    says: 'certificates come in pages',
    async check(stage) {
      const { listener } = await tls(stage);
      await addCertificate(stage, listener, stage.certificate(1));
      const answer = await stage.elb.send(
        new elb.DescribeListenerCertificatesCommand({ ListenerArn: listener, PageSize: 1 }),
      );
      assert.equal(answer.Certificates?.length, 1);
    },
  },
  {
    says: 'a TCP listener has no security policy',
    async check(stage) {
      const { listener } = await stage.tcp();
      const answer = await stage.elb.send(new elb.DescribeListenersCommand({ ListenerArns: [listener] }));
      assert.equal(answer.Listeners?.[0]?.SslPolicy, undefined);
    },
  },
  {
    says: 'mutual authentication is kept',
    async check(stage) {
      const { LoadBalancerArn } = await stage.alb();
      const listener = await stage.listener(LoadBalancerArn, await stage.webGroup(), {
        Protocol: 'HTTPS',
        Port: 443,
        Certificates: [{ CertificateArn: stage.certificate() }],
        MutualAuthentication: { Mode: 'passthrough' },
      });
      const answer = await stage.elb.send(new elb.DescribeListenersCommand({ ListenerArns: [listener] }));
      assert.equal(answer.Listeners?.[0]?.MutualAuthentication?.Mode, 'passthrough');
    },
  },
  {
    says: 'listeners come in pages',
    async check(stage) {
      const { balancer } = await stage.tcp();
      await stage.listener(balancer, await stage.group(), { Port: 81 });
      const answer = await stage.elb.send(new elb.DescribeListenersCommand({ LoadBalancerArn: balancer, PageSize: 1 }));
      assert.equal(answer.Listeners?.length, 1);
      assert.ok(answer.NextMarker);
    },
  },
  {
    says: 'attributes of listeners are checked',
    async check(stage) {
      const { listener } = await stage.tcp();
      const call = stage.elb.send(
        new elb.ModifyListenerAttributesCommand({
          ListenerArn: listener,
          Attributes: [{ Key: 'nonsense.key', Value: '1' }],
        }),
      );
      await refuses(call, 'ValidationError', 'InvalidConfigurationRequest');
    },
  },
  {
    says: 'a 51st listener is TooManyListeners',
    async check(stage) {
      const { LoadBalancerArn } = await stage.nlb();
      const group = await stage.group();
      for (let Port = 1; Port <= 50; Port++) await stage.listener(LoadBalancerArn, group, { Port });
      await refuses(stage.listener(LoadBalancerArn, group, { Port: 51 }), 'TooManyListeners');
    },
  },
];
