import type { PathMatch } from '../../model/index.ts';
import { accept, type Parsed, parsePath, refuse, safeText } from '../../net/index.ts';
import type { PeerAnnotations } from '../reader.ts';
import { ingressPrefix } from './annotation.ts';

/** A pattern that no path type of the model says stands as this and is a condition of its own: see `patternOf`. */
const wild = /[*?]/;

/**
 * Paths as the peer reads them. ImplementationSpecific is a pattern of the load balancer (`*` any characters, `?` one), or a regular
 * expression behind the first / where `use-regex-path-match` says so; Exact and Prefix must have no wildcards. Undefined: as weir does.
 */
export function readPath(
  type: PathMatch['type'],
  written: unknown,
  annotations: PeerAnnotations,
): Parsed<PathMatch> | undefined {
  const text = safeText(written, 1024);
  if (!text.ok) return text;
  const path = text.value;
  if (type !== 'stringPrefix')
    return wild.test(path)
      ? refuse(
          'E_PATH',
          'must not contain the wildcards * and ? in an Exact or Prefix path; use pathType ImplementationSpecific',
        )
      : undefined;
  if (!path.startsWith('/')) return refuse('E_PATH', 'must start with /');
  if (/[^\x21-\x7e]/.test(path)) return refuse('E_PATH', 'must be of printable ASCII characters without spaces');
  const regex = /^(1|t|true)$/i.test(String(annotations.get(`${ingressPrefix}use-regex-path-match`) ?? ''));
  if (regex)
    return path.length > 1 && path.length <= 129
      ? accept({ type: 'regex', value: path.slice(1) })
      : refuse('E_PATH', 'must be a regular expression of at most 128 characters behind the first /');
  if (path.length > 128) return refuse('E_PATH', 'must have at most 128 characters');
  const literal = path.replaceAll(/[*?]/g, 'x');
  const checked = parsePath(literal.replaceAll('//', '/x'), 'stringPrefix');
  if (!checked.ok) return checked;
  if (!wild.test(path)) return accept({ type: 'exact', value: path });
  const prefix = path.slice(0, -1);
  // One * at the end is what the model calls a prefix by characters.
  return accept({ type: 'stringPrefix', value: path.endsWith('*') && !wild.test(prefix) ? prefix : path });
}

/** The pattern of a path as the load balancer takes it, where no path type of the model says the same. */
export function patternOf({ type, value }: PathMatch): string | undefined {
  return type === 'stringPrefix' && wild.test(value) ? value : undefined;
}
