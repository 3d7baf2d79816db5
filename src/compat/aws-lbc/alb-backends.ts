import type { Backend, FieldPath } from '../../model/index.ts';
import type { PeerContext, PeerPort, PeerService } from '../reader.ts';
import { albCheck } from './alb-check.ts';
import { Picked } from './backend-words.ts';
import { identityOf, targetsOf } from './group-target.ts';
import { healthOf } from './health.ts';
import { type IngressReading, readIngressWords } from './reading.ts';
import type { Settings } from './settings.ts';

/** Protocol and version of a target group in the model's word. */
const spoken = {
  HTTP: { HTTP1: 'http', HTTP2: 'h2c', GRPC: 'grpc' },
  HTTPS: { HTTP1: 'https', HTTP2: 'https', GRPC: 'grpcs' },
} as const;

/** The target groups of one Ingress: one for each Service and port as they are written. */
export class AlbBackends {
  readonly made = new Map<string, Backend>();
  /** A target group cannot be made: the Ingress must not be served. */
  refused = false;
  readonly #reading: IngressReading;
  readonly #settings: Settings;
  readonly #context: PeerContext;
  readonly #services = new Map<string, IngressReading>();

  constructor(reading: IngressReading, settings: Settings, context: PeerContext) {
    this.#reading = reading;
    this.#settings = settings;
    this.#context = context;
  }

  /** Annotations of a Service and of the Ingress. */
  words(service: PeerService): Picked {
    const { name } = service.meta;
    let own = this.#services.get(name);
    if (own === undefined) {
      own = readIngressWords(service, 'Service', this.#context);
      if (own.has('tags'))
        own.warn(
          'tags',
          'has no effect on one Service alone: what is made for an Ingress carries the tags of the Ingress',
        );
      this.#services.set(name, own);
    }
    this.refused ||= own.refused;
    return new Picked(own, this.#reading);
  }

  /** Key of the backend of a port; undefined when it cannot be made, which was told. `at` is where it is named. */
  key(service: PeerService, written: number | string, at: FieldPath): string | undefined {
    const key = `${service.meta.name}:${written}`;
    if (this.made.has(key)) return key;
    const port = findPort(service, written);
    const backend =
      port === undefined ? this.#noPort(service, written, at) : this.#make(key, service, port, written, at);
    if (backend === undefined) {
      this.refused = true;
      return undefined;
    }
    this.made.set(key, backend);
    return key;
  }

  #make(
    key: string,
    service: PeerService,
    port: PeerPort,
    written: number | string,
    at: FieldPath,
  ): Backend | undefined {
    const picked = this.words(service);
    const kind = picked.take('target-type') ?? 'instance';
    const backend = targetsOf(service, port, kind, at, this.#context);
    if (backend === undefined) return undefined;
    const protocol = picked.take('backend-protocol') ?? 'HTTP';
    const version = picked.take('backend-protocol-version') ?? 'HTTP1';
    const check = albCheck(service, picked, kind);
    const path = ['backends', key];
    const { tls: _, ...rest } = backend;
    if (version !== 'HTTP1')
      this.#settings.set([...path, 'protocolVersion'], version, picked.name('backend-protocol-version'));
    if (check.protocol === 'HTTPS' && protocol !== 'HTTPS')
      this.#settings.set([...path, 'healthCheck', 'protocol'], 'HTTPS', picked.name('healthcheck-protocol'));
    if (check.protocol === 'HTTP' && protocol === 'HTTPS')
      this.#settings.set([...path, 'healthCheck', 'protocol'], 'HTTP', picked.name('healthcheck-protocol'));
    if (check.grpc === true)
      this.#settings.set([...path, 'healthCheck', 'successCodes'], check.codes, picked.name('success-codes'));
    const attributes = picked.take('target-group-attributes');
    this.#settings.set([...path, 'attributes'], attributes, picked.name('target-group-attributes'));
    const labels = picked.take('target-node-labels');
    this.#settings.set([...path, 'nodeLabels'], labels, picked.name('target-node-labels'));
    this.#settings.set([...path, 'identity'], identityOf(service, port, String(written)));
    return {
      ...rest,
      protocol: spoken[protocol][version],
      ...(protocol === 'HTTPS' ? { tls: { verify: false } } : {}),
      health: healthOf(check),
    };
  }

  #noPort(service: PeerService, written: number | string, at: FieldPath): undefined {
    const full = `Service ${service.meta.namespace}/${service.meta.name}`;
    const ports = service.ports.map(({ name, port }) => (name === '' ? `${port}` : `${port} (${name})`)).slice(0, 8);
    const reason = `names a port that ${full} does not have; it has ${ports.length === 0 ? 'none' : ports.join(', ')}; the Ingress is not served until then`;
    this.#context.tell({ code: 'E_BACKEND_MISSING', path: at, value: `${service.meta.name}:${written}`, reason });
  }
}

function findPort(service: PeerService, written: number | string): PeerPort | undefined {
  return service.ports.find(
    ({ name, port, transport }) =>
      transport === 'tcp' && (typeof written === 'number' ? port === written : name === written),
  );
}
