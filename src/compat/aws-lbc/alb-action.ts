import type { Action, FieldPath, Json } from '../../model/index.ts';
import type { PeerContext, PeerIngress, PeerService } from '../reader.ts';
import type { AlbBackends } from './alb-backends.ts';
import type { ValueOf } from './annotation.ts';
import type { ingressFamilies } from './family-table.ts';
import type { IngressReading } from './reading.ts';
import { type ApiRedirect, redirectOf } from './redirect.ts';

type Written = ValueOf<(typeof ingressFamilies)['actions.']>;
type Ref = NonNullable<PeerIngress['defaultBackend']>;

/** Port name that says: the action stands in an annotation. */
const useAnnotation = 'use-annotation';

/** What a backend of an Ingress means. */
export interface AlbAction {
  readonly action: Action;
  /** What the model has no word for: fields of `rules.NAME`. */
  readonly extra: ReadonlyMap<string, Json>;
  /** The redirect in the API's words. */
  readonly redirect?: ApiRedirect;
  /** The annotation that it stands in. */
  readonly origin?: string;
  /** The one Service that it forwards to: its annotations say who may come in. */
  readonly service?: PeerService;
}

/** Reads the backends of one Ingress into actions. A Service or action that does not exist answers 503, as it does with the peer. */
export class AlbActions {
  readonly #reading: IngressReading;
  readonly #backends: AlbBackends;
  readonly #context: PeerContext;

  constructor(reading: IngressReading, backends: AlbBackends, context: PeerContext) {
    this.#reading = reading;
    this.#backends = backends;
    this.#context = context;
  }

  /** Undefined: it cannot be served, which was told. */
  read(ref: Ref): AlbAction | undefined {
    if (ref.port !== useAnnotation) return this.#forward([{ service: ref.service, port: ref.port, weight: 1 }], ref.at);
    const key = `actions.${ref.service}`;
    const written = this.#reading.named('actions.', ref.service);
    if (written !== undefined) {
      const read = this.#fromAnnotation(written, key);
      return read === undefined ? undefined : { ...read, origin: this.#reading.name(key) };
    }
    if (this.#reading.refused) return undefined;
    const reason = `uses the annotation ${this.#reading.name(key)}, which does not exist; its paths answer 503 until then`;
    this.#context.tell({ code: 'E_BACKEND_MISSING', path: ref.at, value: ref.service, reason });
    return unavailable('Backend action does not exist');
  }

  #fromAnnotation(written: Written, key: string): AlbAction | undefined {
    const { type, redirectConfig, fixedResponseConfig, forwardConfig, targetGroupARN } = written;
    if (type === 'redirect' && redirectConfig !== undefined) return redirectOf(redirectConfig);
    if (type === 'fixed-response' && fixedResponseConfig !== undefined) {
      const { statusCode, contentType, messageBody } = fixedResponseConfig;
      const content = contentType === undefined ? {} : { contentType };
      const body = messageBody === undefined ? {} : { body: messageBody };
      return { action: { type: 'fixed', status: Number(statusCode), ...content, ...body }, extra: none };
    }
    const at = ['metadata', 'annotations', this.#reading.name(key)];
    const groups = forwardConfig?.targetGroups ?? [{ targetGroupARN }];
    const targets = groups.map((group): Target => {
      const weight = ('weight' in group ? group.weight : undefined) ?? 1;
      const foreign = group.targetGroupARN ?? ('targetGroupName' in group ? group.targetGroupName : undefined);
      if (foreign !== undefined) return { foreign, weight };
      const { serviceName = '', servicePort = '' } = 'serviceName' in group ? group : {};
      return { service: serviceName, port: servicePort, weight };
    });
    const sticky = forwardConfig?.targetGroupStickinessConfig;
    const seconds = sticky?.enabled === true ? (sticky.durationSeconds ?? 86_400) : undefined;
    return this.#forward(targets, at, seconds);
  }

  #forward(targets: readonly Target[], at: FieldPath, stickySeconds?: number): AlbAction | undefined {
    const to: { backend: string; weight: number }[] = [];
    const foreign: Json[] = [];
    let single: PeerService | undefined;
    for (const target of targets) {
      if ('foreign' in target) {
        foreign.push({ targetGroup: target.foreign, weight: target.weight });
        continue;
      }
      const service = this.#context.service(target.service);
      if (service === undefined) return this.#noService(target.service, at, targets.length === 1);
      const backend = this.#backends.key(service, target.port, at);
      if (backend === undefined) return undefined;
      to.push({ backend, weight: target.weight });
      single = targets.length === 1 ? service : undefined;
    }
    const extra = new Map<string, Json>();
    if (foreign.length > 0) extra.set('targetGroups', foreign);
    if (stickySeconds !== undefined) extra.set('stickySeconds', stickySeconds);
    return { action: { type: 'forward', to }, extra, ...(single === undefined ? {} : { service: single }) };
  }

  /** With others beside it nobody could say what its share of requests should get. */
  #noService(name: string, path: FieldPath, alone: boolean): AlbAction | undefined {
    const effect = alone ? 'its paths answer 503 until then' : 'the Ingress is not served until then';
    const reason = `names Service ${name}, which does not exist in the namespace; ${effect}`;
    this.#context.tell({ code: 'E_BACKEND_MISSING', path, value: name, reason });
    if (alone) return unavailable('Backend service does not exist');
    this.#backends.refused = true;
    return undefined;
  }
}

type Target =
  | { readonly service: string; readonly port: number | string; readonly weight: number }
  | { readonly foreign: string; readonly weight: number };

const none: AlbAction['extra'] = new Map();

function unavailable(body: string): AlbAction {
  return { action: { type: 'fixed', status: 503, contentType: 'text/plain', body }, extra: none };
}
