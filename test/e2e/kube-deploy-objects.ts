/** Objects that make weir use each of its rights. */
import { CreateTargetGroupCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import type { FakeAws } from '../fakes/aws/index.ts';
import { type ControlPlane, installCrd } from '../kube/index.ts';
import { putIngress, putService, putSlice } from './kube-source-stage.ts';

const namespace = 'apps';
const addresses = ['10.0.128.10'];

/** So many Secrets are watched one by one; those beyond are read by `get`. */
const watched = 32;

/** Ingresses of class weir-e2e, each with a Secret, and a Service that no balancer can serve. */
export async function putWeb(plane: ControlPlane): Promise<void> {
  await putService(plane, namespace, 'web', { type: 'ClusterIP', loadBalancerClass: undefined });
  await putSlice(plane, namespace, 'web', addresses);
  const dayMs = 86_400_000;
  const names = ['*.apps.test'];
  const pair = makeCertificate({ names, notBeforeMs: Date.now() - dayMs, notAfterMs: Date.now() + dayMs });
  const data = { 'tls.crt': btoa(pair.certPem), 'tls.key': btoa(pair.keyPem) };
  for (let i = 0; i <= watched; i++) {
    const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', data };
    await plane.client.apply({ ...secret, metadata: { name: `tls-${i}`, namespace } });
    await putIngress(plane, namespace, `front-${i}`, { host: `h${i}.apps.test`, tls: `tls-${i}` });
  }
  // An Event tells that nothing can be meant by it.
  await putIngress(plane, namespace, 'odd', {
    host: 'odd.apps.test',
    annotations: { 'weir-lb.dev/timeout-server': 'soon' },
  });
}

/** What aws-load-balancer-controller was asked for: a network load balancer, one for HTTP, and targets for a group that is there. */
export async function putCloud(plane: ControlPlane, aws: FakeAws, vpc: string): Promise<void> {
  for (const [kind, scope] of [
    ['TargetGroupBinding', 'Namespaced'],
    ['IngressClassParams', 'Cluster'],
  ] as const)
    await putCrd(plane, kind, scope);
  const { client } = plane;
  const nlb = 'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type';
  await client.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db', namespace, annotations: { [nlb]: 'ip' } },
    spec: { type: 'LoadBalancer', loadBalancerClass: 'service.k8s.aws/nlb', ports: [{ name: 'http', port: 5432 }] },
  });
  await putSlice(plane, namespace, 'db', addresses);
  const backend = { service: { name: 'web', port: { number: 80 } } };
  await client.apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'alb', namespace, annotations: { 'alb.ingress.kubernetes.io/target-type': 'ip' } },
    spec: {
      ingressClassName: 'alb',
      rules: [{ host: 'alb.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  });
  await putGatedPod(plane);
  const elb = new ElasticLoadBalancingV2Client(aws.client());
  const group = { Name: 'legacy', Protocol: 'HTTP', Port: 80, VpcId: vpc, TargetType: 'ip' } as const;
  const { TargetGroups } = await elb.send(new CreateTargetGroupCommand(group));
  await client.apply({
    apiVersion: 'elbv2.k8s.aws/v1beta1',
    kind: 'TargetGroupBinding',
    metadata: { name: 'legacy', namespace },
    spec: {
      targetGroupARN: TargetGroups?.[0]?.TargetGroupArn,
      targetType: 'ip',
      serviceRef: { name: 'web', port: 80 },
    },
  });
}

/** A Pod that is ready only when its load balancer finds it so. */
async function putGatedPod({ client }: ControlPlane): Promise<void> {
  const label = { 'elbv2.k8s.aws/pod-readiness-gate-inject': 'enabled' };
  await client.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: label } });
  await client.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'db-0', namespace },
    spec: {
      readinessGates: [{ conditionType: 'target-health.elbv2.k8s.aws/db' }],
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'db',
          image: 'db',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  });
  // No kubelet runs it: its address is that of the target.
  const [podIP] = addresses;
  await client.patch(`/api/v1/namespaces/${namespace}/pods/db-0/status`, {
    status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] },
  });
}

/** Every kind of MetalLB that is read. */
export async function putPools(plane: ControlPlane): Promise<void> {
  const kinds = ['IPAddressPool', 'L2Advertisement', 'BGPAdvertisement', 'BFDProfile', 'Community'];
  for (const kind of kinds) await putCrd(plane, kind, 'Namespaced', 'metallb.io');
  await putCrd(plane, 'BGPPeer', 'Namespaced', 'metallb.io', 'v1beta2');
}

function putCrd(
  plane: ControlPlane,
  kind: string,
  scope: string,
  group = 'elbv2.k8s.aws',
  version = 'v1beta1',
): Promise<void> {
  const odd: Readonly<Record<string, string>> = { IngressClassParams: 'ingressclassparams', Community: 'communities' };
  const plural = odd[kind] ?? `${kind.toLowerCase()}s`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return installCrd(plane, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      ...{ group, scope, names: { kind, plural, singular: kind.toLowerCase() } },
      versions: [{ name: version, served: true, storage: true, schema, subresources: { status: {} } }],
    },
  });
}
