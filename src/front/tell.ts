import { bornMs, type ErrorCode, type ExportedService, errors, type Problem, shown } from '../model/index.ts';
import { compareAge } from './age.ts';

/** A problem of a service, named as its owner knows it. `value` is shortened and made printable here. */
export function tell(
  service: ExportedService,
  code: ErrorCode,
  field: string,
  value: unknown,
  message: string,
): Problem {
  const { kind, namespace, name, file, line } = service.origin;
  return {
    code,
    severity: errors[code].class === 'warning' ? 'warning' : 'error',
    source: shown(`${kind}/${namespace}/${name}`),
    service: service.id,
    field,
    value: shown(value),
    message,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}

/** `Ingress shop/web (older: created 2026-01-02T03:04:05Z)`: how the winner of a conflict is named to the loser, and why it wins. */
export function ownerFor(loser: ExportedService, winner: ExportedService): string {
  if (loser.id === winner.id) return 'another part of the same service';
  const { kind, namespace, name } = winner.origin;
  const named = shown(namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`);
  const [winnerMs, loserMs] = [bornMs(winner.origin), bornMs(loser.origin)];
  if (winnerMs < loserMs) return `${named} (older: ${sinceText(winner, winnerMs)})`;
  const alike = winnerMs === loserMs && compareAge(winner, loser) < 0;
  return `${named} (comes first${alike ? ' by name, neither is older' : ''})`;
}

function sinceText({ origin }: ExportedService, ms: number): string {
  const verb = origin.createdMs === undefined ? 'first seen' : 'created';
  const made = new Date(ms);
  return Number.isNaN(made.getTime()) ? verb : `${verb} ${made.toISOString().replace('.000Z', 'Z')}`;
}
