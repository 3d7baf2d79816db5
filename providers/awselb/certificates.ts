import type { ExportedService, Member } from '../../src/model/index.ts';
import { hostCovers } from '../../src/net/index.ts';
import type { Build } from './build.ts';
import { compare } from './conditions.ts';
import { type AwsEnvironment, isBlind } from './environment.ts';
import { tellSetting, tellUnasked } from './tell.ts';

/** Who needs a certificate for which hosts at one listener. */
export interface CertificateWish {
  readonly service: ExportedService;
  readonly hosts: readonly string[];
  /** ARNs that the service names for this listener or for all of its own. */
  readonly given: readonly string[];
}

/**
 * The set Certificates of a listener: the named ones, the first of which is the default; for members without one, found in ACM by host.
 * A host without a certificate refuses its service, unless another member brings one for the listener and it names no host.
 */
export function certificatesOf(
  listener: string,
  wishes: readonly CertificateWish[],
  build: Build,
): ReadonlyMap<string, Member> {
  const named = wishes.flatMap(({ given }) => given);
  const found = new Set<string>();
  for (const { service, hosts, given } of wishes) {
    for (const arn of given) {
      if (!isMissing(arn, build.environment)) continue;
      const message = 'there is no such certificate in ACM in this region; correct the ARN or import the certificate';
      build.refuse(service, tellSetting(service, 'E_DISCOVERY', ['certificateArns'], arn, message));
    }
    if (given.length > 0) continue;
    const wanted = hosts.filter((host) => host !== '');
    if (wanted.length === 0 && named.length === 0) {
      const message = `listener ${listener} ends TLS and there is no certificate and no host to find one by; name a certificate's ARN or a host`;
      build.refuse(service, tellSetting(service, 'E_CERT_MISSING', ['certificateArns'], '(none)', message));
    }
    for (const host of wanted) {
      const arn = build.options.certificateDiscovery ? find(host, build.environment) : undefined;
      if (arn !== undefined) found.add(arn);
      else if (isBlind(build.environment) && build.options.certificateDiscovery)
        build.warn(tellUnasked(service, ['certificateArns'], `the certificate for host ${host} is found in ACM`));
      else if (!coveredByNamed(host, named, build.environment)) {
        const message = `no issued certificate in ACM covers host ${host} for listener ${listener}; request one, or name a certificate's ARN`;
        build.refuse(service, tellSetting(service, 'E_DISCOVERY', ['certificateArns'], host, message));
      }
    }
  }
  const arns = [...new Set([...named, ...[...found].sort(compare)])];
  return new Map(arns.map((arn, i): [string, Member] => [arn, { attrs: { IsDefault: i === 0 } }]));
}

/** An exact name before a wildcard; the newest of several. */
function find(host: string, { Certificates }: AwsEnvironment): string | undefined {
  const fitting = Certificates.filter(
    (one) => one.Status === 'ISSUED' && namesOf(one).some((name) => hostCovers(name, host)),
  );
  const exact = fitting.filter((one) => namesOf(one).includes(host));
  const [best] = [...(exact.length > 0 ? exact : fitting)].sort(
    (a, b) => compare(b.CreatedAt ?? '', a.CreatedAt ?? '') || compare(a.CertificateArn, b.CertificateArn),
  );
  return best?.CertificateArn;
}

/** A certificate that a member names may cover the hosts of others. One whose names are not known is taken at its word. */
function coveredByNamed(host: string, named: readonly string[], { Certificates }: AwsEnvironment): boolean {
  return named.some((arn) => {
    const known = Certificates.find(({ CertificateArn }) => CertificateArn === arn);
    return known === undefined || namesOf(known).some((name) => hostCovers(name, host));
  });
}

/** ACM is known as a whole, or not at all (offline); IAM never. */
function isMissing(arn: string, { Certificates }: AwsEnvironment): boolean {
  return (
    arn.includes(':acm:') &&
    Certificates.length > 0 &&
    !Certificates.some(({ CertificateArn }) => CertificateArn === arn)
  );
}

function namesOf({ DomainName, SubjectAlternativeNames }: AwsEnvironment['Certificates'][number]): readonly string[] {
  return [DomainName, ...SubjectAlternativeNames].map((name) => name.toLowerCase());
}
