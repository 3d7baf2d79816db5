/** What stands in the way of a write, and how it is counted. */
import type { KubeError } from '../kube/index.ts';

/**
 * A webhook or policy of the cluster that refuses this very object, or that the API server cannot reach for it: neither a right that is
 * missing nor a server that is away, so nothing else has to wait.
 */
export function isAdmission({ code, message }: KubeError): boolean {
  if (code === 500) return /\b(?:calling|call) webhook\b/.test(message);
  return code >= 400 && code < 500 && /\bdenied (?:the )?request\b/.test(message);
}

/** The server is too old for a field that is applied: only this object is a matter of, though the server takes it for its own failure. */
export function isUndeclared({ code, message }: KubeError): boolean {
  return code >= 400 && /\bfield not declared in schema\b/.test(message);
}

/** The namespace is being deleted: nothing new can be made in it, whoever may what. The server has a cause for it, and always these words. */
export function isEnding({ code, message }: KubeError): boolean {
  return code === 403 && /\bbecause it is being terminated\b/.test(message);
}

/** Words of the API and ours; a webhook may answer any. */
const known: ReadonlySet<string> = new Set([
  ...['Unauthorized', 'Forbidden', 'NotFound', 'AlreadyExists', 'Conflict', 'Invalid', 'BadRequest', 'InternalError'],
  ...['TooManyRequests', 'ServerTimeout', 'Timeout', 'ServiceUnavailable', 'MethodNotAllowed', 'Expired'],
  ...['Config', 'Credentials', 'Unreachable', 'Certificate', 'Closed', 'BadAnswer', 'TooLarge', 'Aborted'],
]);

/** Why a write has failed, in one of a few words. */
export function reasonOf(error: KubeError): string {
  if (isAdmission(error)) return 'Admission';
  return known.has(error.reason) ? error.reason : 'Other';
}
