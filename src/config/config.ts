/** The configuration file weir.yaml: its zod schema is the only description of it; flags, variables, JSON Schema and docs come from here. */
import { z } from 'zod';
import { parseName } from '../net/index.ts';
import { checked, duration } from './checked.ts';
import { leader } from './leader.ts';
import { parseListen } from './listen.ts';
import { pool } from './pools.ts';
import { anySource, clustersApart } from './sources.ts';
import { publish, status } from './status.ts';

export { fileSource, kubernetesSource } from './sources.ts';

const listen = checked(parseListen);
const listenForm = 'address and port, e.g. 127.0.0.1:8377 or [::1]:8377; empty: off.';

export const balancer = z.strictObject({
  // Also the name of a folder of the state directory.
  name: checked(parseName).default('default').describe('Name of this balancer in messages, labels and state.'),
  provider: z.string().describe('haproxy, awselb, l2, builtin, memory.'),
  groups: z.array(z.string()).optional().describe('Take services of these groups; absent: every group.'),
  class: z
    .string()
    .optional()
    .describe('Take services of this class (loadBalancerClass, ingress class); absent: every class.'),
  shared: z.boolean().default(false).describe('Another balancer may take the same services.'),
  fromPools: z
    .boolean()
    .default(false)
    .describe(
      'Services of type LoadBalancer, and those that name a pool or addresses, get addresses of their own out of pools; the status of the Service is the claim to them.',
    ),
  publish: publish
    .optional()
    .describe('Address that Kubernetes objects are told where it is not the one that the balancer listens on.'),
  options: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("The provider's own options; `weir schema --provider NAME` prints them."),
});

/** Names stand in messages, labels and state: two of a kind would share them. */
function unique(list: readonly { readonly name: string }[], ctx: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [i, { name }] of list.entries()) {
    if (seen.has(name))
      ctx.addIssue({
        code: 'custom',
        path: [i, 'name'],
        message: `must be unique in the list; ${JSON.stringify(name)} is there before`,
      });
    seen.add(name);
  }
}

/** An address of the service itself is what it is reached at. */
function publishOnce(list: readonly z.infer<typeof balancer>[], ctx: z.RefinementCtx): void {
  for (const [i, { fromPools, publish: { ipMode: _, ...places } = {} }] of list.entries()) {
    const place = Object.entries(places).find(([, value]) => value !== undefined)?.[0];
    if (!fromPools || place === undefined) continue;
    const message =
      'cannot stand beside fromPools: services are told the addresses that pools give them; keep one of both';
    ctx.addIssue({ code: 'custom', path: [i, 'publish', place], message });
  }
}

export const configSchema = z.strictObject({
  instance: z.string().optional().describe('Name of this weir; default: the host name.'),
  stateDir: z
    .string()
    .optional()
    .describe(
      'Directory for last good state, journal and generated files; default: $STATE_DIRECTORY, else $XDG_STATE_HOME/weir, else ~/.local/state/weir.',
    ),
  sources: z
    .array(anySource)
    .superRefine(unique)
    .superRefine(clustersApart)
    .default([])
    .describe('Where services come from.'),
  balancers: z
    .array(balancer)
    .superRefine(unique)
    .superRefine(publishOnce)
    .default([])
    .describe('What makes them reachable.'),
  leader: leader.describe('Who writes where several weirs share a system.'),
  status: status.describe('What is written back to Kubernetes objects.'),
  pools: z
    .array(pool)
    .superRefine(unique)
    .default([])
    .describe(
      'Pools of addresses for services of balancers with `fromPools`, beside IPAddressPool objects of the sources.',
    ),
  onPoolChange: z
    .enum(['keep', 'reassign'])
    .default('keep')
    .describe(
      'What happens to services whose address no pool would give them any more: they keep it, which is told; or get another one at once, as with MetalLB.',
    ),
  policy: z
    .enum(['sync', 'upsert-only', 'create-only'])
    .default('sync')
    .describe('What weir may change: everything of its own; no deletes; creates only.'),
  gateDeadline: duration(1)
    .default('5m')
    .describe('How long new targets may take to become ready before the plan is dropped.'),
  auditInterval: duration(1)
    .default('1m')
    .describe(
      'How often the real state is read to find drift. What costs a call of a cloud for each object is read in turns, and in a large account more slowly: metric weir_awselb_round_seconds.',
    ),
  drain: duration(0)
    .default('0s')
    .describe(
      'How long weir goes on after it was told to stop, while /readyz says that it leaves and clients are asked to connect anew; 0s: not at all.',
    ),
  onExit: z.enum(['leave', 'stop']).default('leave').describe('What happens to proxies of our own when weir stops.'),
  metrics: z
    .strictObject({
      listen: listen.default('127.0.0.1:8378').describe(`Where probes and metrics are served: ${listenForm}`),
      perService: z
        .int()
        .min(0)
        .max(100_000)
        .default(1_000)
        .describe(
          'Services with numbers of their own at most, by name; weir_service_metrics_cut tells how many more there are. 0: none.',
        ),
    })
    .prefault({})
    .describe('Probes /healthz /readyz and Prometheus /metrics; carries no secret.'),
  api: z
    .strictObject({
      listen: listen.default('127.0.0.1:8377').describe(`Where the state page and the API are served: ${listenForm}`),
      tokenFile: z.string().optional().describe('File with the bearer token; required outside loopback.'),
      hosts: z
        .array(z.string())
        .default([])
        .describe('Host names allowed in the Host header besides localhost and the listen address.'),
    })
    .prefault({})
    .describe('State page and /api/v1.'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least level that is written.'),
      format: z
        .enum(['json', 'text', 'auto'])
        .default('auto')
        .describe('One JSON object a line, or text for people; auto: text on a terminal.'),
    })
    .prefault({})
    .describe('Logs on stderr.'),
});

export type Config = z.infer<typeof configSchema>;
export type BalancerConfig = Config['balancers'][number];
export type SourceConfig = Config['sources'][number];
export type KubernetesSourceConfig = Extract<SourceConfig, { readonly type: 'kubernetes' }>;
