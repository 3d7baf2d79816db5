/** What answers at the addresses of Pods: targets named by their address, in one process in a node's network. Options come as JSON in argv, orders over IPC. */
import { HttpTarget, type OriginOrder } from '../haproxy/origin.ts';

export interface PodsOptions {
  readonly addresses: readonly string[];
  readonly port: number;
}

/** What the target at an address shall do: see OriginOrder. */
export interface PodsOrder {
  readonly address: string;
  readonly to: OriginOrder['to'];
}

if (import.meta.main) {
  const { addresses, port }: PodsOptions = JSON.parse(process.argv[2] ?? '{}');
  const targets = new Map(addresses.map((address) => [address, new HttpTarget(address, address)]));
  for (const target of targets.values()) {
    target.port = port;
    await target.listen();
  }
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit(0));
  process.on('message', async ({ address, to }: PodsOrder) => {
    const target = targets.get(address);
    if (to === 'live') await target?.listen();
    else if (to === 'refuse') await target?.refuse();
    else await target?.close();
    process.send?.('done');
  });
  process.send?.('listening');
}
