import { WeirError } from '../../src/model/index.ts';
import { readMachinePlace } from './metadata.ts';
import type { Options } from './options.ts';

export interface Place {
  readonly region: string;
  /** VPC of the machine; asked for when nobody names one. */
  readonly machineVpc: () => Promise<string | undefined>;
}

/** Region by option, environment, profile, else of the machine. Throws E_DISCOVERY. */
export async function findPlace(
  { region, profile }: Pick<Options, 'region' | 'profile'>,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Place> {
  let machine: ReturnType<typeof readMachinePlace> | undefined;
  const place = () => {
    machine ??= readMachinePlace(env, signal);
    return machine;
  };
  const machineVpc = async () => (await place()).vpcId;
  // An empty variable names nothing.
  const told = [region, env.AWS_REGION, env.AWS_DEFAULT_REGION].find((name) => name !== undefined && name !== '');
  const named = told ?? (await regionOfProfile(profile));
  const found = named ?? (await place()).region;
  if (found === undefined)
    throw new WeirError('E_DISCOVERY', 'no region is known; set region of the balancer, or AWS_REGION');
  return { region: found, machineVpc };
}

/** What the shared configuration says; the SDK knows how to read it. */
async function regionOfProfile(profile: string | undefined): Promise<string | undefined> {
  const { ElasticLoadBalancingV2Client } = await import('@aws-sdk/client-elastic-load-balancing-v2');
  const client = new ElasticLoadBalancingV2Client(profile === undefined ? {} : { profile });
  try {
    return await client.config.region();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}
