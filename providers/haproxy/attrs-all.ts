import { type Context, inStrides, inTurns, type Resource } from '../../src/model/index.ts';
import { readBackend, readFrontend, readRoute } from './attrs.ts';

/** Reads the attributes of all resources, with turns for others in between: whoever asks later finds them read. */
export function readAll(resources: readonly Resource[], turns: Context['turns']): Promise<void> {
  return inTurns({ turns }, inStrides(resources, read));
}

function read(resource: Resource): void {
  if (resource.kind === 'Backend') readBackend(resource);
  else if (resource.kind === 'Route') readRoute(resource);
  else if (resource.kind === 'Frontend') readFrontend(resource);
}
