import { type ErrorCode, type ExportedService, errors, type Problem, shown } from '../model/index.ts';
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

/** `Ingress shop/web (older)`: how the winner of a conflict is named to the loser. */
export function ownerFor(loser: ExportedService, winner: ExportedService): string {
  if (loser.id === winner.id) return 'another part of the same service';
  const { kind, namespace, name } = winner.origin;
  const named = shown(namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`);
  return compareAge(winner, loser) < 0 ? `${named} (older)` : `${named} (comes first)`;
}
