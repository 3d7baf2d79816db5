import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { WeirError } from '../model/index.ts';

/** Whether a request may pass. The file is read at each question, so a new token is in force at once. */
export interface TokenCheck {
  bearer(token: string): Promise<boolean>;
  session(cookie: string): Promise<boolean>;
  /** The cookie that stands for the token: derived from it, so that the token itself is not left in a browser. */
  sessionFor(token: string): string;
}

const shortest = 16;

/** Checks tokens against a file; throws E_LISTEN_AUTH when the file is not usable at start. */
export async function openTokenCheck(
  file: string,
  read: (path: string) => Promise<string | undefined>,
): Promise<TokenCheck> {
  const load = async () => (await read(file))?.trim() ?? '';
  let first: string;
  try {
    first = await load();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WeirError('E_LISTEN_AUTH', `api.tokenFile ${file} cannot be read: ${reason}`, { cause: error });
  }
  if (first.length < shortest) {
    throw new WeirError('E_LISTEN_AUTH', `api.tokenFile ${file} must hold a token of at least ${shortest} characters`);
  }
  // A file that has gone or become empty refuses everybody.
  const current = () => load().catch(() => '');
  return {
    bearer: async (token) => {
      const wanted = await current();
      return wanted.length >= shortest && same(token, wanted);
    },
    session: async (cookie) => {
      const wanted = await current();
      return wanted.length >= shortest && same(cookie, sessionOf(wanted));
    },
    sessionFor: sessionOf,
  };
}

function sessionOf(token: string): string {
  return createHmac('sha256', token).update('weir session').digest('base64url');
}

/** Equality whose time tells nothing: digests of equal length are compared. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
