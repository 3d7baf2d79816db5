import { type Cluster, resourcePath } from '../kube/index.ts';
import type { KnownObject } from './known-object.ts';
import { statusIntent } from './status-intent.ts';

const atOnce = 8;
/** Who stops is not to be held up for long: what is left is taken back by the next leader, or stays. */
const inAllMs = 5_000;

/** Takes back every status of ours, as well as it goes. */
export async function clearAll(
  cluster: Pick<Cluster, 'patch'>,
  objects: Iterable<KnownObject>,
  manager: string,
): Promise<void> {
  const signal = AbortSignal.timeout(inAllMs);
  const left = [...objects].filter(({ ours }) => ours);
  const work = async () => {
    for (let object = left.pop(); object !== undefined && !signal.aborted; object = left.pop()) {
      const intent = statusIntent(object, undefined, () => '');
      if (intent === undefined) continue;
      const { apiVersion, resource, namespace, name } = object;
      const path = resourcePath({ apiVersion, resource, namespace, name, subresource: 'status' });
      await cluster
        .patch(path, intent.body, { type: intent.type, force: true, fieldManager: manager, signal })
        .catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
