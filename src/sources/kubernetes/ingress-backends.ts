import type { Action, Backend } from '../../model/index.ts';
import type { Draft } from './draft.ts';
import type { IngressView } from './ingress.ts';
import type { BackendRef } from './ingress-path.ts';
import type { JoinContext } from './join.ts';
import { makeBackend } from './make-backend.ts';
import { noTargets } from './resting-targets.ts';
import type { ServiceView } from './service.ts';
import type { ServicePort } from './service-port.ts';
import { targetAuthority } from './take-material.ts';

/**
 * The backends of one Ingress, keyed `service:port`. A reference to a Service or port that does not exist gets a backend without
 * targets: its paths answer 503 and do not fall to a shorter path of somebody else.
 */
export class IngressBackends {
  readonly #view: IngressView;
  readonly #draft: Draft;
  readonly #context: JoinContext;
  readonly #made = new Map<string, Backend>();

  constructor(view: IngressView, draft: Draft, context: JoinContext) {
    this.#view = view;
    this.#draft = draft;
    this.#context = context;
  }

  /** The action that forwards to a backend, which is made on first use. */
  forward(ref: BackendRef): Action {
    const service = this.#context.lookup.service(this.#view.meta.namespace, ref.service);
    const port = service === undefined ? undefined : findPort(service, ref.port);
    const key = `${ref.service}:${port?.port ?? ref.port}`;
    if (!this.#made.has(key)) this.#made.set(key, this.#make(ref, service, port));
    return { type: 'forward', to: [{ backend: key, weight: 1 }] };
  }

  all(): ReadonlyMap<string, Backend> {
    return this.#made;
  }

  #make(ref: BackendRef, service: ServiceView | undefined, port: ServicePort | undefined): Backend {
    const { lookup, targets } = this.#context;
    const { namespace } = this.#view.meta;
    const own = service === undefined ? [this.#view.own] : [service.own, this.#view.own];
    const authority = targetAuthority(namespace, this.#draft, lookup);
    const base = { service, port, targets: noTargets, layer: 'http', own, direct: false, authority } as const;
    if (service !== undefined) this.#draft.uses.add(service);
    const missing = whyMissing(namespace, ref, service, port);
    if (service === undefined || port === undefined || missing !== undefined) {
      this.#draft.tell({
        code: 'E_BACKEND_MISSING',
        path: ref.at,
        value: `${ref.service}:${ref.port}`,
        reason: `${missing}; its paths answer 503 until then`,
      });
      return makeBackend(base);
    }
    for (const endpoints of lookup.endpointsOf(namespace, ref.service)) this.#draft.uses.add(endpoints);
    const found = targets(service, port);
    if (found.none !== undefined) {
      this.#draft.tell({ code: 'W_NO_TARGETS', path: ref.at, value: `${ref.service}:${ref.port}`, reason: found.none });
    }
    return makeBackend({ ...base, targets: found.targets });
  }
}

/** The Service's port by name or number, never the pod's. A headless Service without ports takes what its slices have. */
function findPort(service: ServiceView, ref: number | string): ServicePort | undefined {
  if (service.headless && service.ports.length === 0) {
    const named = typeof ref === 'string';
    return { key: String(ref), name: named ? ref : '', port: named ? 0 : ref, transport: 'tcp', at: [] };
  }
  return service.ports.find(
    (port) => port.transport === 'tcp' && (typeof ref === 'number' ? port.port === ref : port.name === ref),
  );
}

function whyMissing(
  namespace: string,
  ref: BackendRef,
  service: ServiceView | undefined,
  port: ServicePort | undefined,
): string | undefined {
  const full = `Service ${namespace}/${ref.service}`;
  if (service === undefined) return `names ${full}, which does not exist`;
  if (service.type === 'ExternalName')
    return `names ${full} of type ExternalName, which is refused: host names are not resolved into targets`;
  if (port !== undefined) return undefined;
  const ports = service.ports
    .filter(({ transport }) => transport === 'tcp')
    .map(({ name, port: number }) => (name === '' ? `${number}` : `${number} (${name})`));
  return `names a port that ${full} does not have; it has ${ports.length === 0 ? 'no TCP port' : ports.slice(0, 8).join(', ')}`;
}
