import { isErrorCode, type Problem, type ServiceReport } from '../model/index.ts';
import type { Programmed } from './facts.ts';

export interface ProgrammedParts {
  /** Names of the balancers that take the service. */
  readonly balancers: readonly string[];
  readonly reports: readonly (Pick<ServiceReport, 'conditions'> & { readonly balancer: string })[];
  readonly problems: readonly Pick<Problem, 'code' | 'severity' | 'message'>[];
  /** Of the parts of balancers that it depends on: only those that have failed. */
  readonly failures: readonly { readonly code?: string; readonly message: string }[];
  /** Where nothing answers although it should: `192.0.2.1:80: connection refused`. */
  readonly silent: readonly string[];
  /** Why it is not reached where its objects should be told. */
  readonly unreached: readonly string[];
  /** Why balancers could not be read yet. */
  readonly unread: readonly { readonly balancer: string; readonly message: string }[];
}

/** The condition of a service, worst first. What is only being changed does not count: it serves meanwhile. Pure. */
export function programmedOf(parts: ProgrammedParts): Programmed {
  const { balancers, reports, problems, failures, silent, unreached, unread } = parts;
  const no = (reason: string, message: string): Programmed => ({ status: false, reason, message });
  const error = problems.find(({ severity }) => severity === 'error');
  if (error !== undefined) return no(error.code.replace(/^E_/, ''), error.message);
  if (balancers.length === 0) return no('NoBalancer', 'no balancer takes it: see groups and class of the balancers');
  const [failure] = failures;
  if (failure !== undefined) return no(failure.code?.replace(/^E_/, '') ?? 'Failed', failure.message);
  for (const { balancer, message } of unread) return no('Pending', `${balancer} could not be read yet: ${message}`);
  const unreported = balancers.filter((name) => !reports.some(({ balancer }) => balancer === name));
  if (unreported.length > 0) return no('Pending', `not served yet by ${unreported.join(', ')}`);
  for (const { balancer, conditions } of reports)
    for (const { type, status, reason, message } of conditions) {
      if (status || (type !== 'Accepted' && type !== 'Programmed')) continue;
      const code = isErrorCode(reason) ? reason.replace(/^E_/, '') : reason;
      return no(code, `${balancer}: ${message === '' ? 'not served yet' : message}`);
    }
  if (silent.length > 0) return no('NotAnswering', `nothing answers yet at ${silent.slice(0, 3).join('; ')}`);
  if (unreached.length > 0) return no('NotReachable', unreached.join('; '));
  return { status: true, reason: 'Programmed', message: `served by ${balancers.join(', ')}` };
}
