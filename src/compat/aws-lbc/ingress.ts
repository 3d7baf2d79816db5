import type { Action, Front, Json } from '../../model/index.ts';
import type { Intent, PeerContext, PeerIngress } from '../reader.ts';
import { AlbActions } from './alb-action.ts';
import { AlbBackends } from './alb-backends.ts';
import { AlbRules, type RuleParts, wordsOf } from './alb-rules.ts';
import { setApplication } from './alb-settings.ts';
import { authOf, warnOpen } from './auth.ts';
import { readClassParams } from './class-params.ts';
import { type IngressReading, readIngressWords } from './reading.ts';
import { Settings } from './settings.ts';

/** An Ingress that the peer puts at an application load balancer. Undefined when it must not be served; why was told. */
export function readIngress(ingress: PeerIngress, context: PeerContext): Intent | undefined {
  const params = readClassParams(ingress, context);
  if (params === undefined) return undefined;
  const reading = readIngressWords(ingress, 'Ingress', context, params.overrides);
  const settings = new Settings();
  setApplication(reading, params, settings);
  const listeners = listenersOf(reading);
  const hosts = [...new Set(ingress.tls.flatMap((entry) => entry.hosts))];
  if (hosts.length > 0 && !reading.has('certificate-arn')) settings.set(['certificateHosts'], hosts, 'spec.tls');
  const backends = new AlbBackends(reading, settings, context);
  const actions = new AlbActions(reading, backends, context);
  const parts: RuleParts = { reading, actions, backends, context };
  const rules = new AlbRules(settings);
  const read = rules.read(ingress, parts);
  const plain = reading.has('ssl-redirect') ? [] : listeners.filter(({ protocol }) => protocol === 'http');
  const fallback =
    ingress.defaultBackend === undefined ? undefined : defaultOf(ingress.defaultBackend, parts, settings, plain);
  if (!read || fallback === 'fault' || reading.refused || backends.refused) return undefined;
  const redirect = redirectPort(reading, listeners);
  if (reading.refused) return undefined;
  const ranges = reading.take('inbound-cidrs');
  const fronts = listeners.map(({ protocol, port }): Front => {
    const turned = redirect !== undefined && protocol === 'http';
    const action = turned ? redirectTo(redirect) : fallback;
    return {
      key: `${protocol}-${port}`,
      port,
      protocol,
      ...(protocol === 'https' ? { tls: { mode: 'terminate', certs: [] } as const } : {}),
      ...(ranges === undefined ? {} : { sourceRanges: ranges }),
      routes: turned ? [] : rules.at({ protocol, port }),
      ...(action === undefined ? {} : { default: action }),
    };
  });
  const group = reading.take('group.name');
  // A listener of which every rule leads back to itself; in a group others may have rules there.
  const served = fronts.flatMap((front) => {
    if (front.routes.length > 0 || front.default !== undefined) return [front];
    return group === undefined ? [{ ...front, default: notFound }] : [];
  });
  return {
    ...(group === undefined ? {} : { bundle: { key: group, order: reading.take('group.order') ?? 0 } }),
    fronts: served.length > 0 ? served : fronts.map((front) => ({ ...front, default: notFound })),
    backends: backends.made,
    settings: settings.settings,
    settingsOrigin: settings.settingsOrigin,
  };
}

/** The group whose load balancer an Ingress has, whatever is wrong with its other words. */
export function readGroup(ingress: PeerIngress, context: PeerContext): string | undefined {
  const overrides = readClassParams(ingress, context)?.overrides;
  return readIngressWords(ingress, 'Ingress', context, overrides).take('group.name');
}

/** What the peer's listeners answer when no rule holds. */
const notFound: Action = { type: 'fixed', status: 404, contentType: 'text/plain' };

interface Listener {
  readonly protocol: 'http' | 'https';
  readonly port: number;
}

/** HTTPS where a certificate is named, else HTTP. */
function listenersOf(reading: IngressReading): readonly Listener[] {
  const written = reading.take('listen-ports');
  if (written === undefined)
    return reading.has('certificate-arn') ? [{ protocol: 'https', port: 443 }] : [{ protocol: 'http', port: 80 }];
  return written.map(({ protocol, port }) => ({ protocol: protocol === 'HTTP' ? 'http' : 'https', port }));
}

function redirectPort(reading: IngressReading, listeners: readonly Listener[]): number | undefined {
  const port = reading.take('ssl-redirect');
  // Another Ingress of the group may bring the listener.
  if (port === undefined || reading.has('group.name')) return port;
  if (!listeners.some((one) => one.protocol === 'https' && one.port === port))
    reading.refuse('ssl-redirect', `must be a port of an HTTPS listener; listen-ports has none at ${port}`);
  return port;
}

function redirectTo(port: number): Action {
  return { type: 'redirect', code: 301, scheme: 'https', port };
}

/** The default backend: what of it only a rule can say is refused. */
function defaultOf(
  ref: NonNullable<PeerIngress['defaultBackend']>,
  parts: RuleParts,
  settings: Settings,
  plain: readonly Listener[],
): Action | 'fault' | undefined {
  const { actions, context } = parts;
  const read = actions.read(ref);
  if (read === undefined) return 'fault';
  const words = wordsOf(read, parts);
  const auth: Json | 'fault' | undefined = authOf(words, context);
  if (auth === 'fault') return 'fault';
  const only = read.action.type === 'forward' && read.action.to.length === 1 ? read.action.to[0] : undefined;
  if (read.extra.size > 0 || (auth !== undefined && only === undefined)) {
    const reason = `asks for ${auth !== undefined ? 'auth-type' : [...read.extra.keys()].join(', ')}, which a default backend cannot have here; write a last rule with the path /* instead`;
    context.tell({ code: 'E_FEATURE', path: ref.at, value: ref.service, reason });
    return 'fault';
  }
  if (auth !== undefined && only !== undefined) {
    settings.set(['backends', only.backend, 'auth'], auth);
    for (const { port } of plain) warnOpen(words, port);
  }
  return read.action;
}
