/** An error as AWS answers it. `loud`: the caller said something that no AWS model knows, so a test must hear of it. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly loud: boolean;

  constructor(code: string, message: string, { status = 400, loud = false } = {}) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
    this.loud = loud;
  }
}

/** The connection breaks: before the call was taken (`lost: 'request'`) or after it was done (`lost: 'reply'`). */
export class BrokenConnection extends Error {
  readonly code = 'ECONNRESET';
  readonly lost: 'request' | 'reply';

  constructor(lost: 'request' | 'reply') {
    super(`socket hang up (the ${lost} is lost)`);
    this.name = 'BrokenConnection';
    this.lost = lost;
  }
}

export function refuse(code: string, message: string): never {
  throw new AwsError(code, message);
}
