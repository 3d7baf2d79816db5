import { z } from 'zod';
import { parseDuration, parseName } from '../net/index.ts';
import { checked, duration } from './checked.ts';

/** Which of several weirs writes a system that they share. */
export const leader = z
  .strictObject({
    enabled: z
      .boolean()
      .optional()
      .describe(
        'Whether one weir of several, chosen by a Lease in a Kubernetes cluster, writes systems that all of them reach (awselb); the others follow. Absent: where a source is a Kubernetes cluster, or leader.kubeconfig is set.',
      ),
    kubeconfig: z
      .string()
      .optional()
      .describe('Kubeconfig file of the cluster that holds the Lease; absent: as the first Kubernetes source has it.'),
    context: z.string().optional().describe('Context of that kubeconfig; absent: its current one.'),
    namespace: checked(parseName)
      .optional()
      .describe('Namespace of the Lease; absent: that of the Pod or of the context, else default.'),
    name: checked(parseName)
      .default('weir')
      .describe(
        'How the name of the Lease begins; provider and clusterName (or the name of the balancer) follow, e.g. weir-awselb-prod; status is written by weir-status, with another owner of fields than the default by weir-status-OWNER, unless this is set. Weirs that write the same need the same.',
      ),
    leaseDuration: duration(1)
      .default('15s')
      .describe('So long after the last renewal the others wait before one of them takes over; whole seconds.'),
    renewDeadline: duration(1)
      .default('10s')
      .describe('So long after its last renewal the leader still writes; less than leaseDuration.'),
    retryPeriod: duration(1)
      .default('1500ms')
      .describe(
        'Between two renewals; those who wait look twice as often, so that they take over within a second what a leader gives back. At most half of renewDeadline.',
      ),
  })
  .superRefine(timesFit)
  .prefault({});

interface Times {
  readonly leaseDuration: string;
  readonly renewDeadline: string;
  readonly retryPeriod: string;
}

/** A leader that wrote for longer than the others wait would be one of two. */
function timesFit({ leaseDuration, renewDeadline, retryPeriod }: Times, ctx: z.RefinementCtx): void {
  const [lease, renew, retry] = [leaseDuration, renewDeadline, retryPeriod].map((text) => parseDuration(text, 1));
  // What is no duration has been told.
  if (lease?.ok !== true || renew?.ok !== true || retry?.ok !== true) return;
  const tell = (field: keyof Times, message: string) => ctx.addIssue({ code: 'custom', path: [field], message });
  if (lease.value % 1_000 !== 0) tell('leaseDuration', 'must be whole seconds, e.g. 15s');
  if (renew.value >= lease.value) tell('renewDeadline', `must be less than leaseDuration (${leaseDuration})`);
  if (retry.value * 2 > renew.value) tell('retryPeriod', `must be at most half of renewDeadline (${renewDeadline})`);
}
