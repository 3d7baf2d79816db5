/** What a careless or hostile owner writes: for each case the good text of a file, the bad one, and what must be told about it. */
import { objectCases } from './bad-input-objects.ts';
import { ownCases } from './bad-input-own.ts';

export interface BadCase {
  readonly name: string;
  /** The file is `<slug>.yaml` or `.json`; the host of the service is `<slug>.test`. */
  readonly slug: string;
  readonly good: string;
  readonly bad: string | Buffer;
  readonly told: {
    readonly code: string;
    readonly service?: string;
    readonly field?: string;
    readonly value?: string;
    /** What the message says, the remedy among it. */
    readonly message: RegExp;
  };
  /** What its clients get meanwhile: 200 from its last good version, else what the message says. */
  readonly status: 200 | 404 | 503;
  /** Also served by HTTPS. */
  readonly secure: boolean;
}

/** All cases, each with a service of its own that is served by `targetPort` on loopback. */
export function badCases(targetPort: number): readonly BadCase[] {
  return [...ownCases(targetPort), ...objectCases(targetPort)];
}
