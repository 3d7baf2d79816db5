/** What goes wrong between weir and Kubernetes clusters: a part of the table of all errors. */
import type { ErrorEntry } from './error-entry.ts';

export const kubeErrors = {
  E_KUBE_READ: {
    class: 'retry',
    title: 'a part of a Kubernetes cluster cannot be read',
    hint: 'Look whether the API server is there; weir tries again by itself.',
  },
  E_KUBE_FORBIDDEN: {
    class: 'refused',
    title: 'a part of a Kubernetes cluster may not be read',
    hint: 'Grant get, list and watch to the user of weir, or name the namespaces that it may read (namespaces of the source).',
  },
  W_KUBE_LIMITED: {
    class: 'warning',
    title: 'something of a Kubernetes cluster that weir can do without may not be read',
    hint: 'Grant what the message names, or ignore this line.',
  },
  W_CLUSTERS_DIFFER: {
    class: 'warning',
    title: 'clusters describe one service differently',
    hint: 'Make the Services alike; until then the first cluster of the configuration says what its ports are.',
  },
} as const satisfies Record<string, ErrorEntry>;
