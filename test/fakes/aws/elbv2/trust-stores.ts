import type * as api from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { page } from '../core/page.ts';
import { putTags } from '../core/tags.ts';
import type { World } from '../core/world.ts';
import { checkName } from './names.ts';
import type { TrustStore } from './state.ts';

export function createTrustStore(world: World, input: Given<api.CreateTrustStoreInput>) {
  checkName(input.Name, 'trust store');
  const tags = putTags(input.Tags ?? []);
  for (const { name } of world.elb.trustStores.all()) {
    if (name === input.Name) refuse('DuplicateTrustStoreName', `A trust store with the same name '${name}' exists`);
  }
  const most = world.quotas['trust-stores-per-account'];
  if (world.elb.trustStores.size >= most)
    refuse('TooManyTrustStores', `The maximum number of trust stores (${most}) has been reached`);
  const store: TrustStore = {
    arn: world.arn('elasticloadbalancing', `truststore/${input.Name}/${world.ids.hex(16)}`),
    name: input.Name,
    bundle: `${input.CaCertificatesBundleS3Bucket}/${input.CaCertificatesBundleS3Key}`,
    revocations: new Map(),
    tags,
  };
  world.elb.trustStores.add(store.arn, store);
  return { TrustStores: [describe(store)] };
}

export function modifyTrustStore(world: World, input: Given<api.ModifyTrustStoreInput>) {
  const store = find(world, input.TrustStoreArn);
  store.bundle = `${input.CaCertificatesBundleS3Bucket}/${input.CaCertificatesBundleS3Key}`;
  return { TrustStores: [describe(store)] };
}

export function deleteTrustStore(world: World, input: Given<api.DeleteTrustStoreInput>) {
  const store = find(world, input.TrustStoreArn);
  if (usersOf(world, store).length > 0)
    refuse('TrustStoreInUse', `Trust store '${store.arn}' is currently in use by a listener`);
  world.elb.trustStores.delete(store.arn);
  return {};
}

export function describeTrustStores(world: World, input: Given<api.DescribeTrustStoresInput>) {
  const { TrustStoreArns: arns, Names: names } = input;
  const all = world.elb.trustStores.list();
  const wanted = arns?.length ? arns : names;
  const found = wanted?.length ? all.filter(({ arn, name }) => wanted.includes(arn) || wanted.includes(name)) : all;
  if (wanted !== undefined && found.length < new Set(wanted).size)
    refuse('TrustStoreNotFound', 'One or more trust stores not found');
  const { items, next } = page(found, ({ arn }) => arn, { marker: input.Marker, size: input.PageSize, most: 400 });
  return { TrustStores: items.map(describe), NextMarker: next };
}

export function addTrustStoreRevocations(world: World, input: Given<api.AddTrustStoreRevocationsInput>) {
  const store = find(world, input.TrustStoreArn);
  const added = (input.RevocationContents ?? []).map(({ S3Bucket = '', S3Key = '' }) => {
    const id = store.revocations.size + 1;
    store.revocations.set(id, { RevocationType: 'CRL', bucket: S3Bucket, key: S3Key });
    return { TrustStoreArn: store.arn, RevocationId: id, RevocationType: 'CRL' as const, NumberOfRevokedEntries: 1 };
  });
  return { TrustStoreRevocations: added };
}

export function removeTrustStoreRevocations(world: World, input: Given<api.RemoveTrustStoreRevocationsInput>) {
  const store = find(world, input.TrustStoreArn);
  const unknown = input.RevocationIds.find((id) => !store.revocations.has(id));
  if (unknown !== undefined) refuse('RevocationIdNotFound', `Revocation '${unknown}' not found`);
  for (const id of input.RevocationIds) store.revocations.delete(id);
  return {};
}

export function describeTrustStoreRevocations(world: World, input: Given<api.DescribeTrustStoreRevocationsInput>) {
  const store = find(world, input.TrustStoreArn);
  const unknown = input.RevocationIds?.find((id) => !store.revocations.has(id));
  if (unknown !== undefined) refuse('RevocationIdNotFound', `Revocation '${unknown}' not found`);
  const ids = [...store.revocations.keys()].filter(
    (id) => !input.RevocationIds?.length || input.RevocationIds.includes(id),
  );
  const { items, next } = page(ids, String, { marker: input.Marker, size: input.PageSize, most: 400 });
  return {
    TrustStoreRevocations: items.map((RevocationId) => ({
      TrustStoreArn: store.arn,
      RevocationId,
      RevocationType: 'CRL' as const,
      NumberOfRevokedEntries: 1,
    })),
    NextMarker: next,
  };
}

export function describeTrustStoreAssociations(world: World, input: Given<api.DescribeTrustStoreAssociationsInput>) {
  const users = usersOf(world, find(world, input.TrustStoreArn));
  const { items, next } = page(users, (arn) => arn, { marker: input.Marker, size: input.PageSize, most: 400 });
  return { TrustStoreAssociations: items.map((ResourceArn) => ({ ResourceArn })), NextMarker: next };
}

export function getTrustStoreCaCertificatesBundle(
  world: World,
  input: Given<api.GetTrustStoreCaCertificatesBundleInput>,
) {
  return { Location: `https://s3.invalid/${find(world, input.TrustStoreArn).bundle}` };
}

export function getTrustStoreRevocationContent(world: World, input: Given<api.GetTrustStoreRevocationContentInput>) {
  const found = find(world, input.TrustStoreArn).revocations.get(input.RevocationId);
  if (found === undefined) refuse('RevocationIdNotFound', `Revocation '${input.RevocationId}' not found`);
  return { Location: `https://s3.invalid/${found.bucket}/${found.key}` };
}

/** No trust store is shared here, so none has a policy. */
export function getResourcePolicy(world: World, input: Given<api.GetResourcePolicyInput>) {
  find(world, input.ResourceArn);
  return refuse('ResourceNotFound', `No resource policy is attached to '${input.ResourceArn}'`);
}

export function deleteSharedTrustStoreAssociation(
  world: World,
  input: Given<api.DeleteSharedTrustStoreAssociationInput>,
) {
  find(world, input.TrustStoreArn);
  return refuse('DeleteAssociationSameAccount', 'The association belongs to the account of the trust store');
}

function usersOf(world: World, store: TrustStore): readonly string[] {
  return [...world.elb.listeners.all()]
    .filter(({ MutualAuthentication: mutual }) => mutual?.TrustStoreArn === store.arn)
    .map(({ arn }) => arn);
}

function describe(store: TrustStore): api.TrustStore {
  return {
    Name: store.name,
    TrustStoreArn: store.arn,
    Status: 'ACTIVE',
    NumberOfCaCertificates: 1,
    TotalRevokedEntries: store.revocations.size,
  };
}

function find(world: World, arn: string): TrustStore {
  return world.elb.trustStores.get(arn) ?? refuse('TrustStoreNotFound', `Trust store '${arn}' not found`);
}
