/**
 * A real Kubernetes for tests; nothing here may import what it is there to test.
 *
 * `npm test` builds the programs once (programs.mjs: go.mod pins etcd, kube-apiserver, kube-controller-manager and kubectl, helm/go.mod
 * helm) into the user's cache; without Go everything that needs them is skipped with the reason, which CI=true forbids. By hand:
 * `node test/kube/programs.mjs`. Tests that use it are test/e2e/kube-*.test.ts and begin like this:
 *
 *     describe('…', { skip: missingKube() }, () => {
 *       it('…', async (t) => {
 *         const plane = await sharedControlPlane();            // about three seconds, once a file
 *         const namespace = await makeNamespace(t, plane);     // one a test, never waited for at the end
 *         const account = await plane.serviceAccount(namespace, 'weir');
 *         // account.kubeconfig is the file for `weir run --kubeconfig`; plane.client asks as admin, plane.clientOf(account) as weir
 *       });
 *     });
 *
 * `startKubelet({ plane, namespace })` adds Nodes and runs Pods, so that Deployments, DaemonSets and their EndpointSlices work as in a
 * cluster; each Pod answers HTTP with its name on its containerPorts, at an address that is reachable from the test's own network.
 * Annotations of a Pod say how it behaves (pod.ts).
 *
 * Whatever ends the test process, a SIGKILL included, ends what it started and removes its files (remains.ts). Two plain facts:
 * the first object of a new API group's CRD is accepted about two seconds after the CRD (see installCrd), so install CRDs once a server; and a watch from
 * an old resourceVersion answers 410 after `killApiServer` and `restartApiServer`, or after `compact` on a server with
 * `flags: ['--watch-cache=false']`, and not otherwise.
 */
export { type CommandOptions, helm, kubectl } from './commands.ts';
export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './control-plane.ts';
export type { CertificateUser, KubeUser } from './credentials.ts';
export { type Kubelet, type KubeletNode, type KubeletOptions, startKubelet } from './kubelet.ts';
export type { Pod } from './pod.ts';
export { missingPods } from './pod-network.ts';
export { findPrograms, programFolder } from './programs.mjs';
export {
  type ApiClient,
  ApiError,
  type ApiList,
  type ApiObject,
  type ApplyObject,
  objectPath,
  type WatchEvent,
} from './request.ts';
export type { PodPlace, PodProgram, StartPod } from './running-pod.ts';
export { type Crd, eventually, installCrd, makeNamespace, missingKube, sharedControlPlane } from './shared.ts';
export { type DeploymentOptions, deployment, type SliceEndpoint, serviceOf, slicesOf } from './workload.ts';
