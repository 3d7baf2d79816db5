import { type ErrorCode, type ExportedService, errors, type Problem, shown } from '../../src/model/index.ts';
import type { Parsed } from '../../src/net/index.ts';

/** What cannot be used of a service: field as the service's form names it, value, and why. */
export interface Fault {
  readonly code: ErrorCode;
  readonly field: string;
  readonly value: unknown;
  readonly reason: string;
}

/** The fault as a problem of its service; fields that come from settings are told by what their owner wrote. */
export function problemOf(service: ExportedService, fault: Fault): Problem {
  const { kind, namespace, name, file, line } = service.origin;
  return {
    code: fault.code,
    severity: errors[fault.code].class === 'warning' ? 'warning' : 'error',
    source: shown(`${kind}/${namespace}/${name}`),
    service: service.id,
    field: fault.field,
    value: shown(fault.value),
    message: `${fault.field} ${fault.reason}`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}

/** The fault of a value that a parser refused; undefined when it was accepted. */
export function faultOf(field: string, value: unknown, parsed: Parsed<unknown>): Fault | undefined {
  return parsed.ok ? undefined : { code: parsed.code, field, value, reason: parsed.reason };
}

/** The first fault of several. */
export function firstFault(faults: Iterable<Fault | undefined>): Fault | undefined {
  for (const fault of faults) if (fault !== undefined) return fault;
  return undefined;
}
