import { type BcsResult, readBcs } from '../../../src/compat/bcs/index.ts';
import type { ErrorCode } from '../../../src/model/errors.ts';
import { parseAllowed } from '../../../src/net/index.ts';

export function readAll(objects: readonly unknown[], groups?: readonly string[]): BcsResult {
  const allowed = parseAllowed([]);
  if (!allowed.ok) throw new Error(allowed.reason);
  const located = objects.map((object, i) => ({ object, file: 'bcs.json', document: i + 1, line: 1 }));
  return readBcs(located, { source: 'files', allowed: allowed.value, ...(groups === undefined ? {} : { groups }) });
}

/** A good service of version 2 with some fields changed. */
export function pay(change: Record<string, unknown> = {}, port: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    namespace: 'bank',
    serviceName: 'pay',
    ports: [
      {
        name: 'http',
        BCSVHost: 'pay.test',
        path: '',
        protocol: 'http',
        servicePort: 80,
        backends: [backend('10.1.0.1')],
        ...port,
      },
    ],
    BCSGroup: ['external'],
    ...change,
  };
}

export function backend(targetIP: string, label?: string, targetPort: unknown = 31_000): Record<string, unknown> {
  return { targetIP, targetPort, label: label === undefined ? null : [label] };
}

export function codes(result: BcsResult): readonly [ErrorCode, string | undefined][] {
  return result.problems.map(({ code, field }) => [code, field]);
}

export function weightsOf(result: BcsResult): readonly number[] {
  return Object.values(result.services[0]?.backends ?? {}).flatMap(({ targets }) =>
    targets.map(({ weight }) => weight),
  );
}
