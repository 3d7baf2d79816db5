/** The bases of kustomize: what the chart renders, without the words that only Helm needs. */
import { parseAllDocuments, stringify } from 'yaml';
import { helm } from '../kube/index.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly [field: string]: unknown;
}

/** As `helm template RELEASE CHART` renders it. Rejects with what helm says. */
export async function renderChart(
  chart: string,
  { release = 'weir', namespace = 'weir-system', args = [] }: RenderOptions = {},
): Promise<readonly Manifest[]> {
  return readManifests(await helm(['template', release, chart, '--namespace', namespace, ...args]));
}

export interface RenderOptions {
  readonly release?: string;
  readonly namespace?: string;
  /** `--values`, `--set`. */
  readonly args?: readonly string[];
}

/** Empty documents are none. */
export function readManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

const ofHelm = ['helm.sh/chart', 'app.kubernetes.io/managed-by'];
/** What each namespace must admit. */
const admits: Readonly<Record<string, string>> = { DaemonSet: 'privileged', Deployment: 'restricted' };

/** File name → text, of one base. */
export async function makeBase(chart: string, values: string): Promise<Readonly<Record<string, string>>> {
  const objects = (await renderChart(chart, { args: ['--values', values] })).map(withoutHelm);
  const config = objects.find(({ kind }) => kind === 'ConfigMap');
  const workload = objects.find(({ kind }) => kind in admits);
  const data = config?.data;
  if (typeof data !== 'object' || data === null || !('weir.yaml' in data)) throw new Error(`${values}: no weir.yaml`);
  const namespace: Manifest = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'weir-system',
      labels: { 'pod-security.kubernetes.io/enforce': admits[workload?.kind ?? ''] ?? 'restricted' },
    },
  };
  const resources = [namespace, ...objects.filter((one) => one !== config)];
  return {
    'weir.yaml': `# Mounted as it stands here; weir follows its changes.\n${String(data['weir.yaml'])}`,
    'objects.yaml': `${madeFrom}${resources.map((one) => stringify(one, { lineWidth: 0 })).join('---\n')}`,
    'kustomization.yaml': kustomization,
  };
}

const madeFrom = '# Made from the chart in deploy/helm by test/deploy/write.ts; change it there, or by an overlay.\n';

const kustomization = `${madeFrom}apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: weir-system
resources: [objects.yaml]
configMapGenerator:
  - { name: weir, files: [weir.yaml] }
# weir follows the file: a change needs no new Pods, and so no new name.
generatorOptions: { disableNameSuffixHash: true }
`;

/** Drops the labels at every depth. */
function withoutHelm<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (ofHelm.includes(key) ? undefined : inner)));
}
