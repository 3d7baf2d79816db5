/**
 * Why a request has failed. `reason` is the server's own (`NotFound`, `Conflict`, …) or, with code 0, ours:
 * Config, Credentials, Unreachable, Certificate, Timeout, Closed, BadAnswer, TooLarge, Aborted. `Starting` with 503 is ours, too.
 */
export class KubeError extends Error {
  /** HTTP status, also of an ERROR in a watch; 0: there was no answer that could be read. */
  readonly code: number;
  readonly reason: string;
  /** The server asks to stay away for so long. */
  readonly retryAfterMs: number | undefined;
  /** The server has certainly not acted on the request. */
  readonly unsent: boolean;

  constructor(
    code: number,
    reason: string,
    message: string,
    {
      retryAfterMs,
      unsent = false,
      cause,
    }: { retryAfterMs?: number | undefined; unsent?: boolean; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'KubeError';
    this.code = code;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
    this.unsent = unsent;
  }

  /** No such object, or no such resource. */
  get notFound(): boolean {
    return this.code === 404;
  }

  /** Not allowed to. */
  get forbidden(): boolean {
    return this.code === 403;
  }

  /** Somebody else was first: another version, another owner of the field, or it exists. */
  get conflict(): boolean {
    return this.code === 409;
  }

  /** The server has just come back and does not know yet who may what: a moment later it does. */
  get starting(): boolean {
    return this.reason === 'Starting';
  }

  /** The version asked for is too old: list again. */
  get gone(): boolean {
    return this.code === 410;
  }
}

/** Any failure as a KubeError; what is none of ours becomes `reason` with code 0. */
export function toKubeError(error: unknown, reason: string, doing: string): KubeError {
  if (error instanceof KubeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new KubeError(0, reason, `${doing}: ${message}`, { cause: error });
}
