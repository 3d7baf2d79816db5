/** One session to a Kubernetes API server, shared by source and status: credentials, requests, reflectors, the leader lease. Knows no kind's meaning. */
export * from './beside.ts';
export * from './contract.ts';
export * from './elector.ts';
export * from './kube-error.ts';
export * from './open-cluster.ts';
export * from './resource-path.ts';
