/** What goes wrong between weir and Kubernetes clusters: a part of the table of all errors. */
import type { ErrorEntry } from './error-entry.ts';

export const kubeErrors = {
  E_KUBE_READ: {
    class: 'retry',
    title: 'a part of a Kubernetes cluster cannot be read',
    hint: 'Look whether the API server is there; weir run tries again by itself.',
  },
  E_KUBE_FORBIDDEN: {
    class: 'refused',
    title: 'a part of a Kubernetes cluster may not be read',
    hint: 'Grant list and watch (of Secrets get, too) to the user of weir, or name the namespaces that it may read (namespaces of the source).',
  },
  E_NOT_LEADER: {
    class: 'retry',
    title: 'another weir leads and writes the shared system',
    hint: 'Nothing is wrong: the leader does it. To do it by hand, stop the other weirs, or wait until the lease has run out.',
  },
  E_LEASE: {
    class: 'retry',
    title: 'the Lease that says who leads can be neither read nor written',
    hint: 'Nothing is written to shared systems meanwhile. Look whether the API server is there, and grant get, create and patch of leases (coordination.k8s.io) in the namespace of the Lease.',
  },
  W_KUBE_LIMITED: {
    class: 'warning',
    title: 'something of a Kubernetes cluster that weir can do without may not be read',
    hint: 'Grant what the message names, or ignore this line.',
  },
  W_KUBE_WRITE: {
    class: 'warning',
    title: 'status, finalizers or Events of a Kubernetes cluster cannot be written',
    hint: 'Grant what the message names; what weir makes reachable does not depend on it.',
  },
  W_CLASS_GONE: {
    class: 'warning',
    title: 'Ingresses are served whose IngressClass is gone',
    hint: 'Make the IngressClass again; to end what is served delete the Ingresses, or give them another class.',
  },
  W_LEASE_SHARED: {
    class: 'warning',
    title: 'a weir that takes other services has the Lease by which this one would write their status',
    hint: 'Give one of the installations another leader.name (or status.owner), so that each writes what it serves.',
  },
  W_PUBLISH: {
    class: 'warning',
    title: 'a service is served, and what its objects should be told as its address does not lead there',
    hint: 'Do what the message names, or set `publish` of the balancer to where clients reach it.',
  },
  W_METALLB: {
    class: 'warning',
    title: 'MetalLB runs beside weir, and both give or announce addresses of the same pools',
    hint: "Scale MetalLB's controller to nothing and delete its speaker DaemonSet; its objects stay, weir reads them.",
  },
  W_CLUSTERS_DIFFER: {
    class: 'warning',
    title: 'clusters describe one service differently',
    hint: 'Make the Services alike; until then the first cluster of the configuration says what its ports are.',
  },
} as const satisfies Record<string, ErrorEntry>;
