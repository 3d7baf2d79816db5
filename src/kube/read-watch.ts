import { type Answer, isObject, parseJson, statusError } from './answer.ts';
import type { JsonObject, KubeObject } from './contract.ts';
import { KubeError } from './kube-error.ts';
import { LineSplitter } from './line-splitter.ts';
import { isKubeObject } from './read-list.ts';

export type WatchEvent =
  | { readonly type: 'put' | 'delete'; readonly object: KubeObject; readonly resourceVersion: string }
  | { readonly type: 'bookmark'; readonly resourceVersion: string };

/**
 * The events of an open watch, until the server ends it. Rejects with KubeError: what an ERROR event says (410: list anew), `BadAnswer`,
 * `TooLarge`, or what broke the connection. An event that is cut off at the end is none.
 */
export async function* readWatch(answer: Answer, maxBytes: number, doing: string): AsyncGenerator<WatchEvent, void> {
  const lines = new LineSplitter(maxBytes);
  try {
    for await (const chunk of answer.stream) {
      const ended = Buffer.isBuffer(chunk) ? lines.push(chunk) : [];
      if (ended === undefined)
        throw new KubeError(0, 'TooLarge', `${doing}: an event is larger than ${maxBytes} bytes`);
      for (const line of ended) yield readEvent(line, doing);
    }
  } catch (error) {
    throw error instanceof KubeError ? error : answer.failure();
  }
}

function readEvent(line: Buffer, doing: string): WatchEvent {
  const event = parseJson(line);
  if (!isObject(event) || !isObject(event.object))
    throw new KubeError(0, 'BadAnswer', `${doing}: an event of ${line.length} bytes is no JSON object`);
  const { type, object } = event;
  if (type === 'ERROR') throw statusError(object, doing);
  const resourceVersion = versionOf(object);
  if (type === 'BOOKMARK' && resourceVersion !== undefined) return { type: 'bookmark', resourceVersion };
  if (resourceVersion === undefined || !isKubeObject(object))
    throw new KubeError(0, 'BadAnswer', `${doing}: an event without metadata.name or resourceVersion`);
  if (type === 'ADDED' || type === 'MODIFIED') return { type: 'put', object, resourceVersion };
  if (type === 'DELETED') return { type: 'delete', object, resourceVersion };
  throw new KubeError(0, 'BadAnswer', `${doing}: an event of an unknown type`);
}

function versionOf({ metadata }: JsonObject): string | undefined {
  const version = isObject(metadata) ? metadata.resourceVersion : undefined;
  return typeof version === 'string' ? version : undefined;
}
