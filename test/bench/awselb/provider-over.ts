import { awselb } from '../../../providers/awselb/index.ts';
import type { Provider } from '../../../src/model/index.ts';
import type { FakeAws } from '../../fakes/aws/index.ts';
import type { Twist } from './twists.ts';

/** What lies between one weir and the account. */
export interface Line {
  /** Nothing goes through any more, in either direction. */
  cut(): void;
}

/** The real provider with the real SDK, over an account in this process. */
export function providerOver(
  aws: FakeAws,
  { maxAttempts, twist }: { readonly maxAttempts: number; readonly twist?: Twist | undefined },
): { readonly provider: Provider; readonly line: Line } {
  const { requestHandler, credentials } = aws.client();
  if (requestHandler === undefined) throw new Error('the account is not in this process');
  const handle = twist?.(requestHandler) ?? requestHandler.handle.bind(requestHandler);
  let broken = false;
  const handler = {
    ...requestHandler,
    async handle(...call: Parameters<typeof handle>) {
      if (broken) throw gone();
      const answer = await handle(...call);
      if (broken) throw gone();
      return answer;
    },
  };
  const provider = awselb({ requestHandler: handler, maxAttempts, credentials });
  return {
    provider,
    line: {
      cut() {
        broken = true;
      },
    },
  };
}

function gone(): Error {
  return Object.assign(new Error('the line was cut'), { name: 'TimeoutError' });
}
