/** What the tests of the chart and of the kustomize overlays share. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Manifest } from '../deploy/bases.ts';
import { type ControlPlane, eventually, objectPath } from '../kube/index.ts';

const deploy = join(import.meta.dirname, '..', '..', 'deploy');

export const chart = join(deploy, 'helm', 'weir');
export const exampleFile = join(deploy, 'examples', 'cluster', 'hello.yaml');
export const overlaysFolder = join(deploy, 'kustomize', 'overlays');

/** Name → file of example values. */
export const valueSets: ReadonlyMap<string, string> = new Map(
  readdirSync(join(deploy, 'helm', 'values')).map((file) => [
    file.replace('.yaml', ''),
    join(deploy, 'helm', 'values', file),
  ]),
);

/** The one object of these kinds. Throws when there is none. */
export function find(objects: readonly Manifest[], ...kinds: readonly string[]): Manifest {
  const found = objects.find(({ kind }) => kinds.includes(kind));
  if (found === undefined) throw new Error(`no ${kinds.join(' or ')}`);
  return found;
}

/** weir.yaml of a rendered ConfigMap. */
export function configOf(objects: readonly Manifest[]): string {
  const { data } = find(objects, 'ConfigMap');
  if (typeof data === 'object' && data !== null && 'weir.yaml' in data) return String(data['weir.yaml']);
  throw new Error('the ConfigMap has no weir.yaml');
}

const served = z.object({
  metrics: z.object({ listen: z.string() }),
  balancers: z.array(
    z.object({
      options: z.object({ monitor: z.object({ address: z.string(), port: z.int() }).optional() }).optional(),
    }),
  ),
});

/** What each container's readiness probe asks, and what weir.yaml has answered there: `container address:port`. */
export function probedOf(objects: readonly Manifest[]): Readonly<Record<'asked' | 'answered', readonly string[]>> {
  const { metrics, balancers } = served.parse(parse(configOf(objects)));
  const asked = podOf(objects).spec.containers.map(({ name, ports = [], readinessProbe }) => {
    const port = readinessProbe?.httpGet.port;
    return `${name} 0.0.0.0:${ports.find((one) => one.name === port)?.containerPort ?? port}`;
  });
  const monitors = balancers.flatMap(({ options }) => options?.monitor ?? []);
  const answered = [...monitors.map(({ address, port }) => `haproxy ${address}:${port}`), `weir ${metrics.listen}`];
  return { asked, answered };
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: {
    readonly hostNetwork?: boolean;
    readonly terminationGracePeriodSeconds: number;
    readonly automountServiceAccountToken?: boolean;
    readonly securityContext: object;
    readonly containers: readonly Container[];
    readonly volumes: readonly { readonly name: string }[];
  };
}

export interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: { readonly requests?: object; readonly limits?: object };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe?: { readonly httpGet: { readonly path: string; readonly port: number | string } };
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
}

export function podOf(objects: readonly Manifest[]): PodTemplate {
  const { spec } = find(objects, 'Deployment', 'DaemonSet');
  return (spec as { readonly template: PodTemplate }).template;
}

/** Made for good, with what its Pods may be; answers when Pods are admitted in it. */
export async function putNamespace(plane: ControlPlane, name: string, admits: string): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': admits };
  await plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  await eventually(
    () => plane.client.probe('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`),
    (code) => code === 200,
  );
}

/** The API server takes the object as if it were meant, and knows every field of it. Throws with what it says. */
export async function accept(plane: ControlPlane, object: Manifest): Promise<void> {
  const query = 'fieldManager=weir-test&force=true&dryRun=All&fieldValidation=Strict';
  await plane.client.request('PATCH', `${objectPath(object)}?${query}`, object, 'application/apply-patch+yaml');
}

/** A Pod of a template, as the Deployment's controller would make it. Throws with what admission says. */
export async function acceptPod(plane: ControlPlane, namespace: string, template: PodTemplate): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    ...template,
    metadata: { ...template.metadata, name: 'one', namespace },
  };
  await plane.client.request('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`, pod);
}
