/** ACM: listing, describing, importing and deleting certificates. */
import * as sdk from '@aws-sdk/client-acm';
import { type Action, type Given, rowsOf } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { page } from '../core/page.ts';
import type { World } from '../core/world.ts';
import type { StoredCertificate } from './acm-state.ts';

export function acmActions(world: World): readonly Action[] {
  const row = rowsOf(world);
  return [
    row(sdk.ListCertificates$, 'read', listCertificates),
    row(sdk.DescribeCertificate$, 'read', describeCertificate),
    row(sdk.ListTagsForCertificate$, 'read', listTagsForCertificate),
    row(sdk.AddTagsToCertificate$, 'write', addTagsToCertificate),
    row(sdk.RequestCertificate$, 'write', requestCertificate),
    row(sdk.DeleteCertificate$, 'write', deleteCertificate),
  ];
}

function listCertificates(world: World, input: Given<sdk.ListCertificatesRequest>) {
  // Without key types ACM lists RSA 1024 and 2048 only: the trap of every discovery of certificates.
  const types: readonly string[] = input.Includes?.keyTypes ?? ['RSA_1024', 'RSA_2048'];
  const found = world.acm.certificates
    .list()
    .filter(({ status }) => input.CertificateStatuses === undefined || input.CertificateStatuses.includes(status))
    .filter(({ KeyAlgorithm }) => types.includes(KeyAlgorithm));
  const { items, next } = page(
    found,
    ({ CertificateArn }) => CertificateArn,
    { marker: input.NextToken, size: input.MaxItems, most: 1000 },
    'ValidationException',
  );
  return { CertificateSummaryList: items.map((stored) => summary(world, stored)), NextToken: next };
}

function summary(world: World, stored: StoredCertificate): sdk.CertificateSummary {
  return {
    CertificateArn: stored.CertificateArn,
    DomainName: stored.DomainName,
    SubjectAlternativeNameSummaries: [...stored.names],
    HasAdditionalSubjectAlternativeNames: false,
    Status: stored.status,
    Type: stored.type,
    KeyAlgorithm: stored.KeyAlgorithm,
    InUse: usersOf(world, stored).length > 0,
    RenewalEligibility: 'ELIGIBLE',
    NotBefore: new Date(stored.notBeforeMs),
    NotAfter: new Date(stored.notAfterMs),
    CreatedAt: new Date(stored.notBeforeMs),
  };
}

function describeCertificate(world: World, input: Given<sdk.DescribeCertificateRequest>) {
  const stored = find(world, input.CertificateArn);
  return {
    Certificate: {
      CertificateArn: stored.CertificateArn,
      DomainName: stored.DomainName,
      SubjectAlternativeNames: [...stored.names],
      Status: stored.status,
      Type: stored.type,
      KeyAlgorithm: stored.KeyAlgorithm,
      InUseBy: usersOf(world, stored),
      NotBefore: new Date(stored.notBeforeMs),
      NotAfter: new Date(stored.notAfterMs),
      CreatedAt: new Date(stored.notBeforeMs),
    },
  };
}

/** Load balancers that serve a certificate. */
function usersOf(world: World, { CertificateArn }: StoredCertificate): string[] {
  const users = new Set<string>();
  for (const { certificate, sni, loadBalancer } of world.elb.listeners.all()) {
    if (certificate === CertificateArn || sni.has(CertificateArn)) users.add(loadBalancer.arn);
  }
  return [...users];
}

function listTagsForCertificate(world: World, input: Given<sdk.ListTagsForCertificateRequest>) {
  return { Tags: [...find(world, input.CertificateArn).tags].map(([Key, Value]) => ({ Key, Value })) };
}

function addTagsToCertificate(world: World, input: Given<sdk.AddTagsToCertificateRequest>) {
  const { tags } = find(world, input.CertificateArn);
  for (const { Key, Value = '' } of input.Tags) tags.set(Key, Value);
  return {};
}

/** Issued at once: who owns a domain here is nobody's question. */
function requestCertificate(world: World, input: Given<sdk.RequestCertificateRequest>) {
  const others = (input.SubjectAlternativeNames ?? []).filter((name) => name !== input.DomainName);
  const stored = world.acm.add([input.DomainName, ...others], { KeyAlgorithm: input.KeyAlgorithm ?? 'RSA_2048' });
  for (const { Key, Value = '' } of input.Tags ?? []) stored.tags.set(Key, Value);
  return { CertificateArn: stored.CertificateArn };
}

function deleteCertificate(world: World, input: Given<sdk.DeleteCertificateRequest>) {
  const stored = find(world, input.CertificateArn);
  if (usersOf(world, stored).length > 0)
    refuse('ResourceInUseException', `Certificate ${stored.CertificateArn} is in use`);
  world.acm.certificates.delete(stored.CertificateArn);
  return {};
}

function find(world: World, arn: string): StoredCertificate {
  if (!arn.startsWith('arn:')) refuse('InvalidArnException', `'${arn}' is not an ARN`);
  return world.acm.certificates.get(arn) ?? refuse('ResourceNotFoundException', `Could not find certificate ${arn}.`);
}
