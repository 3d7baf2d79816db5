/** The peers whose annotations and objects weir understands, one folder each: objects in, intent and warnings out. Pure; no provider, no source. */
import { awsLbc } from './aws-lbc/index.ts';
import { metallb } from './metallb/index.ts';
import type { PeerReader } from './reader.ts';

export type {
  Intent,
  PeerAnnotation,
  PeerAnnotations,
  PeerClass,
  PeerContext,
  PeerFinding,
  PeerIngress,
  PeerMeta,
  PeerPort,
  PeerReader,
  PeerResource,
  PeerService,
  PeerSubject,
} from './reader.ts';

/** Every reader. The first one that claims an object reads it. */
export const peers: readonly PeerReader[] = [awsLbc, metallb];
