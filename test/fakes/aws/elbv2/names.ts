import { refuse } from '../core/aws-error.ts';

/** Names of load balancers and target groups: 32 letters, digits and hyphens, no hyphen at an end, no `internal-` at a load balancer's start. */
export function checkName(name: string, what: 'load balancer' | 'target group' | 'trust store'): void {
  const says = (rule: string): never => refuse('ValidationError', `The ${what} name '${name}' ${rule}`);
  if (name.length < 1) says('cannot be empty');
  if (name.length > 32) says("cannot be longer than '32' characters");
  if (!/^[a-zA-Z0-9-]+$/.test(name))
    says('can only contain characters that are alphanumeric characters and hyphens(-)');
  if (name.startsWith('-') || name.endsWith('-')) says('cannot begin or end with a hyphen(-)');
  if (what === 'load balancer' && name.startsWith('internal-')) says("cannot begin with 'internal-'");
}
