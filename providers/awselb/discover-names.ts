/** What services name or need by name: certificates, web ACLs, trust stores; and the limits of the account. */
import type { CertificateSummary } from '@aws-sdk/client-acm';
import type { Clients } from './clients.ts';
import type { Abort } from './discover-network.ts';
import type { environmentSchema } from './environment.ts';
import { pages } from './read.ts';

type Found = ReturnType<typeof environmentSchema.parse>;

/** Algorithms of keys that load balancers take; ACM lists only RSA of 2048 bits unless asked. */
const keyTypes = [
  'RSA_1024',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'EC_prime256v1',
  'EC_secp384r1',
  'EC_secp521r1',
] as const;

/** Issued certificates with all their names; those with more names than a list shows are asked for one by one. */
export async function findCertificates(clients: Clients, abort: Abort): Promise<Found['Certificates']> {
  const { ListCertificatesCommand } = await import('@aws-sdk/client-acm');
  const acm = await clients.acm();
  const list = await pages(async (NextToken) => {
    const answer = await acm.send(
      new ListCertificatesCommand({
        CertificateStatuses: ['ISSUED'],
        Includes: { keyTypes: [...keyTypes] },
        MaxItems: 1000,
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
      abort(),
    );
    return [answer.CertificateSummaryList, answer.NextToken];
  });
  const found: Found['Certificates'] = [];
  for (const one of list) {
    if (one.CertificateArn === undefined) continue;
    const created = one.CreatedAt ?? one.ImportedAt;
    found.push({
      CertificateArn: one.CertificateArn,
      DomainName: one.DomainName ?? '',
      SubjectAlternativeNames: [...(await namesOf(one, clients, abort))],
      Status: one.Status ?? 'ISSUED',
      ...(one.Type === undefined ? {} : { Type: one.Type }),
      ...(one.NotAfter === undefined ? {} : { NotAfter: one.NotAfter.toISOString() }),
      ...(created === undefined ? {} : { CreatedAt: created.toISOString() }),
    });
  }
  return found;
}

async function namesOf(
  { CertificateArn, SubjectAlternativeNameSummaries = [], HasAdditionalSubjectAlternativeNames }: CertificateSummary,
  clients: Clients,
  abort: Abort,
): Promise<readonly string[]> {
  if (HasAdditionalSubjectAlternativeNames !== true && SubjectAlternativeNameSummaries.length > 0)
    return SubjectAlternativeNameSummaries;
  const { DescribeCertificateCommand } = await import('@aws-sdk/client-acm');
  const acm = await clients.acm();
  const { Certificate } = await acm.send(new DescribeCertificateCommand({ CertificateArn }), abort());
  return Certificate?.SubjectAlternativeNames ?? SubjectAlternativeNameSummaries;
}

export async function findWebAcls(clients: Clients, abort: Abort): Promise<Found['WebAcls']> {
  const { ListWebACLsCommand } = await import('@aws-sdk/client-wafv2');
  const waf = await clients.wafv2();
  const list = await pages(async (NextMarker) => {
    const answer = await waf.send(
      new ListWebACLsCommand({ Scope: 'REGIONAL', Limit: 100, ...(NextMarker === undefined ? {} : { NextMarker }) }),
      abort(),
    );
    // A page that is full names a next one, the last one too: an empty page ends it.
    return [answer.WebACLs, (answer.WebACLs ?? []).length === 0 ? undefined : answer.NextMarker];
  });
  return list.flatMap(({ Name, ARN }) => (Name === undefined || ARN === undefined ? [] : [{ Name, Arn: ARN }]));
}

export async function findTrustStores(clients: Clients, abort: Abort): Promise<Found['TrustStores']> {
  const { DescribeTrustStoresCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2');
  const elb = await clients.elb();
  const list = await pages(async (Marker) => {
    const answer = await elb.send(
      new DescribeTrustStoresCommand({ PageSize: 400, ...(Marker === undefined ? {} : { Marker }) }),
      abort(),
    );
    return [answer.TrustStores, answer.NextMarker];
  });
  return list.flatMap(({ Name, TrustStoreArn }) =>
    Name === undefined || TrustStoreArn === undefined ? [] : [{ Name, Arn: TrustStoreArn }],
  );
}

/** Limits in force, by the API's names. */
export async function findLimits(clients: Clients, abort: Abort): Promise<Found['Limits']> {
  const { DescribeAccountLimitsCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2');
  const elb = await clients.elb();
  const list = await pages(async (Marker) => {
    const answer = await elb.send(
      new DescribeAccountLimitsCommand({ PageSize: 400, ...(Marker === undefined ? {} : { Marker }) }),
      abort(),
    );
    return [answer.Limits, answer.NextMarker];
  });
  return Object.fromEntries(
    list.flatMap(({ Name, Max }): [string, number][] =>
      Name === undefined || !/^\d+$/.test(Max ?? '') ? [] : [[Name, Number(Max)]],
    ),
  );
}

/** Whether the account pays for Shield Advanced. */
export async function hasShield(clients: Clients, abort: Abort): Promise<boolean> {
  const { GetSubscriptionStateCommand } = await import('@aws-sdk/client-shield');
  const shield = await clients.shield();
  const { SubscriptionState } = await shield.send(new GetSubscriptionStateCommand({}), abort());
  return SubscriptionState === 'ACTIVE';
}
