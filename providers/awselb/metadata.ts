/** Region and VPC of the machine that weir runs on, from the instance metadata service (IMDSv2). Short timeouts: elsewhere nobody answers. */
const timeoutMs = 1_000;

export interface MachinePlace {
  readonly region?: string;
  readonly vpcId?: string;
}

/** Nothing where there is no such service, or it is switched off (AWS_EC2_METADATA_DISABLED). */
export async function readMachinePlace(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<MachinePlace> {
  if (env.AWS_EC2_METADATA_DISABLED === 'true') return {};
  const base = (env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? 'http://169.254.169.254').replace(/\/$/, '');
  const ask = async (path: string, method: string, headers: Record<string, string>): Promise<string | undefined> => {
    const response = await fetch(`${base}/latest/${path}`, {
      method,
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = (await response.text()).trim();
    return response.ok && text !== '' ? text : undefined;
  };
  try {
    const token = await ask('api/token', 'PUT', { 'x-aws-ec2-metadata-token-ttl-seconds': '60' });
    if (token === undefined) return {};
    const get = (path: string) => ask(`meta-data/${path}`, 'GET', { 'x-aws-ec2-metadata-token': token });
    const region = await get('placement/region');
    const mac = await get('mac');
    const vpcId = mac === undefined ? undefined : await get(`network/interfaces/macs/${mac}/vpc-id`);
    return { ...(region === undefined ? {} : { region }), ...(vpcId === undefined ? {} : { vpcId }) };
  } catch {
    signal.throwIfAborted();
    return {};
  }
}
