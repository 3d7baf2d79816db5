import { atOnce, type Context, inStrides, type Resource } from '../../src/model/index.ts';
import { readBackend, readFrontend, readRoute } from './attrs.ts';

/** Reads the attributes of all resources, with turns for others in between: whoever asks later finds them read. */
export async function readAll(resources: readonly Resource[], turns: Context['turns']): Promise<void> {
  const work = inStrides(resources, read);
  if (turns === undefined) return atOnce(work);
  while (work.next().done !== true) if (turns.due) await turns.next();
}

function read(resource: Resource): void {
  if (resource.kind === 'Backend') readBackend(resource);
  else if (resource.kind === 'Route') readRoute(resource);
  else if (resource.kind === 'Frontend') readFrontend(resource);
}
