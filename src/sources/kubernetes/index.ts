/** Kubernetes objects, from files or a live cluster, read into exported services: `parse…` one object each, `join…` one service each. Pure except x509.ts; no files, no network, no clock. */
export { type AnnotationEntry, annotationTable } from './annotation-table.ts';
export { LivingObjects } from './living-objects.ts';
export { ObjectReader, type ReadResult } from './object-reader.ts';
export { type KubernetesReadOptions, ownController } from './options.ts';
export { renderPeerAnnotations } from './peer-reference.ts';
export { bundlePem, type PemPair, parsePemPair } from './pem.ts';
export { readObjects } from './read-objects.ts';
export { renderAnnotations } from './render-annotations.ts';
export type { CertificateFacts } from './secret.ts';
export { missingStaple, readStaple, withoutStaple } from './staple.ts';
export { readAuthorities, readCertificateFacts, sha256 } from './x509.ts';
