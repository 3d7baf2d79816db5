import { z } from 'zod';
import { parseAddress, parseHost } from '../net/index.ts';
import { checked } from './checked.ts';

/** What is written back to the Kubernetes objects that services come from. */
export const status = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'Write addresses and conditions to the status of Services and Ingresses; false: nothing at all is written.',
      ),
    events: z.boolean().default(true).describe('Write Events: what is wrong with an object, and when it is solved.'),
    finalizers: z
      .boolean()
      .default(true)
      .describe(
        'Hold an object that is being deleted until what was made for it in a shared system (awselb) is gone; without it that may outlive the object.',
      ),
    podReadiness: z
      .boolean()
      .default(false)
      .describe(
        'Pods with readiness gates target-health.… become targets before they are ready, and ready when the load balancer finds them healthy: in namespaces with the label elbv2.k8s.aws/pod-readiness-gate-inject=enabled. Needs list and watch of namespaces and Pods, patch of pods/status.',
      ),
    poolAnnotation: z
      .boolean()
      .default(false)
      .describe(
        'With `fromPools`: the annotation metallb.io/ip-allocated-from-pool of a Service names the pool of its address, as with MetalLB. Needs patch of services.',
      ),
    clearOnStop: z
      .boolean()
      .default(false)
      .describe('Take every address back when weir stops; else they stay, as what serves does.'),
    owner: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,100}$/)
      .optional()
      .describe(
        'Under which name fields are owned; another one for each installation in a cluster, so that none takes back what another has written. Absent: the controller of the source.',
      ),
  })
  .prefault({});

const textAddress = z
  .string()
  .refine(
    (text) => parseAddress(text).ok || parseHost(text, { wildcard: false }).ok,
    'must be an IP address or a host name',
  );

/** What services of a balancer are told as their address. */
export const publish = z
  .strictObject({
    addresses: z.array(textAddress).min(1).optional().describe('These IP addresses and host names.'),
    hostname: checked((text) => parseHost(text, { wildcard: false }))
      .optional()
      .describe('This host name.'),
    nodes: z
      .enum(['internal', 'external'])
      .optional()
      .describe('Addresses of the nodes that are ready: for a proxy that runs on every node.'),
    service: z
      .string()
      .regex(/^[a-z0-9.-]+\/[a-z0-9.-]+$/, 'must be namespace/name')
      .optional()
      .describe(
        'Whatever reaches this Service, `namespace/name`: for a proxy that stands behind one of type LoadBalancer.',
      ),
    ipMode: z
      .enum(['VIP', 'Proxy'])
      .optional()
      .describe(
        'How packets arrive at nodes; Proxy: kube-proxy sends what comes from inside the cluster around by the address, too. Kubernetes 1.29 or newer.',
      ),
  })
  .refine(
    ({ ipMode: _, ...places }) => Object.values(places).filter((place) => place !== undefined).length <= 1,
    'must name one of addresses, hostname, nodes and service',
  );
