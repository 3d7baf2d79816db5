/** Services to normalised resources, as the app does it, for tests of the pure half. */
import { capabilities } from '../../../providers/awselb/capabilities.ts';
import { kinds } from '../../../providers/awselb/kinds.ts';
import { model } from '../../../providers/awselb/model.ts';
import { normalize } from '../../../providers/awselb/normalize.ts';
import { options as optionSchema } from '../../../providers/awselb/options.ts';
import { serviceOptions } from '../../../providers/awselb/service-options.ts';
import { merge } from '../../../src/front/index.ts';
import type {
  Environment,
  ExportedService,
  Node,
  Observed,
  Policy,
  Problem,
  Resource,
} from '../../../src/model/index.ts';
import { plan } from '../../../src/plan/index.ts';

const zone = (letter: string, i: number, role: string, isPublic: boolean) => ({
  SubnetId: `subnet-${isPublic ? 'pub' : 'priv'}${letter}`,
  VpcId: 'vpc-1',
  AvailabilityZone: `eu-west-1${letter}`,
  CidrBlock: `10.0.${(isPublic ? 100 : 0) + i}.0/24`,
  AvailableIpAddressCount: 200,
  Public: isPublic,
  Tags: { [role]: '1', Name: `${isPublic ? 'public' : 'private'}-${letter}` },
});

export const environment = {
  Region: 'eu-west-1',
  Vpc: { VpcId: 'vpc-1', CidrBlocks: ['10.0.0.0/16'] },
  Subnets: [
    ...['a', 'b', 'c'].map((letter, i) => zone(letter, i, 'kubernetes.io/role/internal-elb', false)),
    ...['a', 'b', 'c'].map((letter, i) => zone(letter, i, 'kubernetes.io/role/elb', true)),
  ],
} satisfies Environment;

export interface Wish {
  readonly environment?: Environment;
  readonly options?: unknown;
  readonly nodes?: readonly Node[];
  readonly present?: readonly Observed[];
  readonly policy?: Policy;
  readonly incomplete?: boolean;
}

export interface Desired {
  readonly resources: readonly Resource[];
  readonly problems: readonly Problem[];
}

const parsedOptions = new Map<string, ReturnType<typeof optionSchema.parse>>();

export function desire(services: readonly ExportedService[], wish: Wish = {}): Desired {
  const merged = merge(services, capabilities);
  const settings = new Map(services.map((one) => [one.id, settingsOf(one)]));
  const key = JSON.stringify(wish.options ?? {});
  const options =
    parsedOptions.get(key) ?? optionSchema.parse({ clusterName: 'cluster-name', ...Object(wish.options) });
  parsedOptions.set(key, options);
  const input = {
    balancer: 'edge',
    node: 'n',
    groups: merged.groups,
    nodes: wish.nodes ?? [],
    settings,
    present: wish.present ?? [],
    policy: wish.policy,
    incomplete: wish.incomplete === true,
  };
  const made = model({ ...input, environment: wish.environment ?? environment }, options);
  return { resources: made.resources.map(normalize), problems: [...merged.problems, ...made.problems] };
}

const read = new WeakMap<ExportedService, unknown>();

function settingsOf(service: ExportedService): unknown {
  const known = read.get(service) ?? serviceOptions.parse(service.settings.awselb ?? {});
  read.set(service, known);
  return known;
}

export function planned(desired: readonly Resource[], observed: readonly Observed[]) {
  return plan(kinds, desired, observed, { policy: 'sync', incomplete: () => false });
}

export function find(resources: readonly Resource[], kind: string, part = ''): Resource {
  const found = resources.filter((one) => one.kind === kind && one.id.includes(part));
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(
      `${found.length} of ${kind} ${part}: ${resources.map(({ kind: k, id }) => `${k} ${id}`).join(', ')}`,
    );
  return found[0];
}

/** `CODE service field value`, in order. */
export function told({ problems }: Desired): readonly string[] {
  return problems.map(({ code, service, field, value }) => `${code} ${service} ${field} ${value}`);
}

export const tags = (resource: Resource): Record<string, unknown> =>
  Object.fromEntries([...(resource.sets.Tags ?? [])].map(([key, { attrs }]) => [key, attrs.Value]));
