import { z } from 'zod';
import { parseLabelSelector, parseName } from '../net/index.ts';
import { checked } from './checked.ts';

const classForms = 'e.g. service.k8s.aws/nlb and alb';

export const fileSource = z
  .strictObject({
    type: z.literal('file'),
    name: z.string().default('files').describe('Name of the source in messages.'),
    paths: z
      .array(z.string())
      .min(1)
      .describe('Files or directories with weir YAML, Kubernetes manifests or BCS JSON, mixed; watched live.'),
    fileBytes: z.int().positive().default(8_388_608).describe('Largest file read, in bytes.'),
    allowTargets: z
      .array(z.string())
      .default(['127.0.0.0/8', '::1/128'])
      .describe('CIDRs allowed as targets although they are loopback or link-local.'),
    classes: z
      .array(z.string())
      .min(1)
      .optional()
      .describe(
        `Take only Kubernetes Services and Ingresses of these classes, ${classForms}; absent: of every class, Services of type LoadBalancer without a class too.`,
      ),
  })
  .describe('Services from files and directories.');

export const kubernetesSource = z
  .strictObject({
    type: z.literal('kubernetes'),
    name: z.string().default('kubernetes').describe('Name of the source in messages.'),
    kubeconfig: z
      .string()
      .optional()
      .describe('Kubeconfig file; absent: the service account of the Pod, else $KUBECONFIG, else ~/.kube/config.'),
    context: z.string().optional().describe('Context of the kubeconfig; absent: its current one.'),
    cluster: checked(parseName)
      .optional()
      .describe(
        'Name of the cluster. Without `merge` it stands before the id of each of its services (`east:shop/web`), so that several clusters do not meet.',
      ),
    namespaces: z
      .array(checked(parseName))
      .min(1)
      .optional()
      .describe('Read these namespaces only: a Role in each will do; absent: all, by a ClusterRole.'),
    classes: z
      .array(z.string())
      .min(1)
      .optional()
      .describe(
        `Take Services and Ingresses of these classes only, ${classForms}; absent: loadBalancerClass weir-lb.dev/…, classes that a balancer names, and classes of Ingresses whose controller is ours.`,
      ),
    withoutClass: z
      .boolean()
      .default(false)
      .describe('Also take Services of type LoadBalancer, and Ingresses, that name no class: weir is the default.'),
    controller: z
      .string()
      .default('weir-lb.dev/ingress')
      .describe('Value of IngressClass.spec.controller that is ours; another one for each weir in a cluster.'),
    poolsNamespace: checked(parseName)
      .default('metallb-system')
      .describe(
        'Where IPAddressPools are read, with `fromPools` of a balancer: who may write there gives addresses away.',
      ),
    announcers: z
      .strictObject({
        namespace: checked(parseName).describe('Where the Service is.'),
        name: checked(parseName).describe('Its name.'),
      })
      .optional()
      .describe(
        'Headless Service of the Pods of weir that announce addresses (l2): by its endpoints they find one another.',
      ),
    labelSelector: checked(parseLabelSelector)
      .optional()
      .describe('Take only Services and Ingresses with such labels, e.g. team=shop,tier in (web,api).'),
    secrets: z
      .enum(['referenced', 'all'])
      .default('referenced')
      .describe('Which Secrets are read: those that a service names, one by one; or all, by one list and watch.'),
    targets: z
      .enum(['pod', 'node'])
      .default('pod')
      .describe('Where requests go: to Pods; or to nodes at the node port, where the proxy cannot reach Pods.'),
    allowTargets: z
      .array(z.string())
      .default([])
      .describe('CIDRs allowed as targets although they are loopback or link-local.'),
    merge: z
      .boolean()
      .default(false)
      .describe(
        'One service of several clusters: those of the same namespace and name, of all sources that say so, get the targets of all.',
      ),
    weight: z
      .int()
      .min(0)
      .max(256)
      .optional()
      .describe('With `merge`: share of this cluster; 0: nothing new. Absent everywhere: every target alike.'),
  })
  .describe('Services from a Kubernetes cluster, as they are now.');

/** A source, by its type. */
export const anySource = z.discriminatedUnion('type', [fileSource, kubernetesSource], {
  error: 'must be of type file or kubernetes',
});

type AnySource = z.infer<typeof anySource>;

/** What cannot be right of several clusters together. */
export function clustersApart(list: readonly AnySource[], ctx: z.RefinementCtx): void {
  const clusters = list.flatMap((source, i) => (source.type === 'kubernetes' ? [{ ...source, i }] : []));
  const merged = clusters.filter(({ merge }) => merge);
  for (const { i, merge, weight, cluster } of clusters) {
    const tell = (field: string, message: string) => ctx.addIssue({ code: 'custom', path: [i, field], message });
    if (!merge && weight !== undefined) tell('weight', 'has an effect on sources with merge: true only');
    if (merge && merged.length > 1 && cluster === undefined)
      tell('cluster', 'is missing: each of several merged clusters needs a name');
    const alone = clusters.filter((other) => !other.merge && other.cluster === cluster);
    if (!merge && alone.length > 1 && alone[0]?.i !== i)
      tell('cluster', 'must be another name for each of several clusters, or set merge: true at all of them');
  }
}
