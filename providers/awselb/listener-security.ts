import type { Attrs, ExportedService, Json, Listener } from '../../src/model/index.ts';
import { certificatesOf } from './certificates.ts';
import type { ListenerOptions } from './service-options.ts';
import type { Settled } from './settle.ts';
import type { Frame } from './target-group.ts';
import { tell, tellSetting } from './tell.ts';

/** Protocol of the API for a merged listener. TLS that is passed through is TCP to a network load balancer. */
export function protocolOf({ protocol, fronts }: Listener): string {
  if (protocol === 'tls' && fronts[0]?.front.tls?.mode === 'passthrough') return 'TCP';
  return protocol.toUpperCase();
}

/** TLS of a listener: policy, certificates, ALPN, client certificates. `before`: what one that was there had, where no service says otherwise. */
export function securityOf(
  listener: Listener,
  members: ReadonlySet<ExportedService>,
  settled: Settled,
  options: ListenerOptions,
  before: Attrs | undefined,
  frame: Frame,
) {
  const { build, type } = frame;
  const protocol = protocolOf(listener);
  const name = `${protocol}-${listener.port}`;
  const wishes = listener.fronts.flatMap(({ service, front }) => {
    if (!members.has(service)) return [];
    const own = build.settings(service);
    const given = own.listeners?.[name]?.certificateArns ?? own.certificateArns ?? [];
    const named = (front.tls?.certs ?? []).flatMap((cert) => cert.hosts ?? cert.names);
    const routed = front.routes.flatMap(({ hosts }) => hosts);
    return [{ service, given, hosts: [...new Set([...routed, ...named, ...(own.certificateHosts ?? [])])] }];
  });
  const alpn = wishes.map(({ service }) => build.settings(service).alpnPolicy).find((one) => one !== undefined);
  const attrs: Attrs = {
    SslPolicy: settled.sslPolicy ?? before?.SslPolicy ?? build.options.sslPolicy,
    ...(type === 'network' ? alpnOf(alpn, before) : {}),
    ...(type === 'application' ? { MutualAuthentication: mutualOf(listener, options, before, frame) } : {}),
  };
  return { attrs, sets: { Certificates: certificatesOf(name, wishes, build) } };
}

function alpnOf(asked: string | undefined, before: Attrs | undefined): Attrs {
  if (asked === undefined) return before?.AlpnPolicy === undefined ? {} : { AlpnPolicy: before.AlpnPolicy };
  return asked === 'None' ? {} : { AlpnPolicy: [asked] };
}

function mutualOf(
  listener: Listener,
  { mutualAuthentication: wish }: ListenerOptions,
  before: Attrs | undefined,
  { build }: Frame,
): Json {
  const mutual = listener.fronts.find(({ front }) => front.tls?.mode === 'mutual');
  if (mutual !== undefined && wish === undefined) {
    const message =
      'an application load balancer holds client authorities in trust stores; name one in mutualAuthentication of the listener';
    build.refuse(mutual.service, tell(mutual.service, 'E_FEATURE', 'tls.mode', 'mutual', message));
  }
  if (wish === undefined) return before?.MutualAuthentication ?? { Mode: 'off' };
  if (wish.mode === 'off') return { Mode: 'off' };
  if (wish.mode === 'passthrough') return { Mode: 'passthrough' };
  const { trustStore = '' } = wish;
  const known = build.environment.TrustStores.find(({ Name, Arn }) => Name === trustStore || Arn === trustStore);
  const [first] = listener.fronts;
  if (known === undefined && !trustStore.startsWith('arn:') && first !== undefined) {
    const path = ['listeners', `HTTPS-${listener.port}`, 'mutualAuthentication', 'trustStore'];
    build.refuse(
      first.service,
      tellSetting(
        first.service,
        'E_DISCOVERY',
        path,
        trustStore,
        'there is no such trust store; give the ARN or name of one that exists',
      ),
    );
  }
  return {
    Mode: 'verify',
    TrustStoreArn: known?.Arn ?? trustStore,
    IgnoreClientCertificateExpiry: wish.ignoreClientCertificateExpiry ?? false,
    ...(wish.advertiseTrustStoreCaNames === undefined
      ? {}
      : { AdvertiseTrustStoreCaNames: wish.advertiseTrustStoreCaNames }),
  };
}
