/** The contract between a source and the readers of peers: what a reader is given, what it may ask, and what it answers. */
import type { Backend, ErrorCode, FieldPath, Front, Json, PathMatch, SecretRef } from '../model/index.ts';
import type { Parsed } from '../net/index.ts';

/** Key → value as it was written; a value that is no text is a mistake of its owner. */
export type PeerAnnotations = ReadonlyMap<string, unknown>;

export interface PeerMeta {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An object that a message can be about. */
export interface PeerSubject {
  readonly meta: PeerMeta;
  /** Those whose keys begin as a reader's `prefixes`. */
  readonly annotations: PeerAnnotations;
}

export interface PeerPort {
  /** Name of the port, or `port/protocol`. */
  readonly key: string;
  /** Empty: none. */
  readonly name: string;
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  readonly targetPort?: number | string;
  readonly nodePort?: number;
  readonly at: FieldPath;
}

export interface PeerService extends PeerSubject {
  readonly kind: 'Service';
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** spec.loadBalancerClass. */
  readonly class?: string;
  readonly ports: readonly PeerPort[];
  readonly localOnly: boolean;
  readonly healthCheckNodePort?: number;
  /** spec.loadBalancerSourceRanges, else the annotation load-balancer-source-ranges. */
  readonly sourceRanges?: readonly string[];
}

export interface PeerBackendRef {
  readonly service: string;
  readonly port: number | string;
  readonly at: FieldPath;
}

export interface PeerIngress extends PeerSubject {
  readonly kind: 'Ingress';
  readonly className?: string;
  /** Annotation kubernetes.io/ingress.class. */
  readonly legacyClass?: string;
  readonly rules: readonly {
    /** Empty: every host. */
    readonly host: string;
    readonly paths?: readonly {
      /** As it is written: stringPrefix is ImplementationSpecific. */
      readonly type: PathMatch['type'];
      readonly match: PathMatch;
      readonly backend: PeerBackendRef;
      readonly at: FieldPath;
    }[];
  }[];
  readonly defaultBackend?: PeerBackendRef;
  readonly tls: readonly { readonly hosts: readonly string[] }[];
}

/** An IngressClass and what its parameters name. */
export interface PeerClass {
  readonly name: string;
  readonly controller: string;
  readonly parameters?: { readonly kind: string; readonly namespace: string; readonly name: string };
}

/** An object of a kind that only the reader knows. */
export interface PeerResource extends PeerSubject {
  readonly kind: string;
  /** Plain data as it was written, of any shape. */
  readonly spec: unknown;
}

export interface PeerFinding {
  readonly code: ErrorCode;
  readonly path: FieldPath;
  /** Name of the field where it is not its path: the key of an annotation. */
  readonly name?: string;
  readonly value?: unknown;
  /** A clause that follows the field's name. */
  readonly reason: string;
  /** The object that is wrong, where it is not the one that is read. */
  readonly about?: PeerSubject;
}

/** What a reader may ask of the source while it reads one object. The source remembers what was asked, and reads again when it changes. */
export interface PeerContext {
  /** The class of the Ingress, where it has one that is known. */
  readonly class?: PeerClass;
  /** A Service of the namespace of the object. */
  service(name: string): PeerService | undefined;
  /** An object of one of the reader's kinds; `namespace` is empty for those of the cluster. */
  resource(kind: string, namespace: string, name: string): PeerResource | undefined;
  /** The OAuth client of a Secret of the same namespace; the material stays in the source. Undefined: there is none. */
  client(secret: string): { readonly id: string; readonly secret: SecretRef } | undefined;
  /** Targets of a port as weir itself would have them, of kind ip; that there are none is told where the kind that is meant needs them. */
  backend(service: PeerService, port: PeerPort, at: FieldPath, kind?: 'ip' | 'instance'): Backend;
  tell(finding: PeerFinding): void;
}

/** What an object of a peer means in weir's words. */
export interface Intent {
  readonly class?: string;
  readonly bundle?: { readonly key: string; readonly order: number };
  readonly fronts: readonly Front[];
  readonly backends: ReadonlyMap<string, Backend>;
  /** Provider → settings. */
  readonly settings: Readonly<Record<string, Json>>;
  /** Path in `settings` → annotation or field. */
  readonly settingsOrigin: Readonly<Record<string, string>>;
}

/** One annotation, for people. */
export interface PeerAnnotation {
  /** The whole key. */
  readonly name: string;
  readonly on: readonly ('Service' | 'Ingress')[];
  /** What may stand there. */
  readonly value: string;
  /** What it is here, or why it is refused. */
  readonly means: string;
}

/** Reads the objects of one peer. Everything in it is pure and never throws for what objects contain. */
export interface PeerReader {
  readonly name: string;
  /** As its makers call it. */
  readonly title: string;
  /** Annotations whose keys begin so are kept for it. */
  readonly prefixes: readonly string[];
  /** Values of IngressClass.spec.controller that are the peer's. */
  readonly controllers: readonly string[];
  /** group/Kind → how objects of that kind are read. `exported`: they may mean a service. */
  readonly kinds: Readonly<
    Record<
      string,
      {
        readonly versions: readonly string[];
        readonly clusterWide?: true;
        readonly exported?: true;
        /** They count in the one namespace that the configuration names, and nowhere else. */
        readonly home?: true;
        /** What goes on in a cluster where they cannot be read: a clause. */
        readonly lost?: string;
      }
    >
  >;
  /** group/Kind that it knew once and that is not read → what to write in its place. */
  readonly former?: Readonly<Record<string, string>>;
  /** While no balancer stands in for the peer its kinds are none that weir reads. */
  readonly onlyWanted?: true;
  /** All of its annotations. */
  reference(): readonly PeerAnnotation[];
  /** Whether the peer would serve the object; the answer is the class under which weir knows it. */
  claims(object: PeerService | PeerIngress, className: PeerClass | undefined): { readonly class: string } | undefined;
  /** A Service that is not claimed and looks as if it were meant to be: the annotation that says so, and what its owner can do. */
  missed?(service: PeerService): { readonly annotation: string; readonly reason: string } | undefined;
  /** How the peer reads a path, where it differs from weir; undefined: as weir does. */
  readPath?(type: PathMatch['type'], text: unknown, annotations: PeerAnnotations): Parsed<PathMatch> | undefined;
  /** Undefined: it cannot be served, and why was told. */
  service(object: PeerService, context: PeerContext): Intent | undefined;
  ingress?(object: PeerIngress, context: PeerContext): Intent | undefined;
  /** The group that an Ingress names, however wrong the rest of it is. Undefined: none. */
  group?(object: PeerIngress, context: PeerContext): string | undefined;
  /** An object of an `exported` kind. Undefined: it is not a wish of its owner, or cannot be served, which was told. */
  resource?(object: PeerResource, context: PeerContext): Intent | undefined;
}
