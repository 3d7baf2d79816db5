import type { KubeError } from '../kube/index.ts';
import type { Problem } from '../model/index.ts';
import type { Refused } from './write-queue.ts';
import { isAdmission } from './write-trouble.ts';

const most = 100;

/** What may not be written, or what the server takes for wrong: told once each, until it has come to pass. */
export class RefusedWrites {
  readonly #source: string;
  readonly #changed: () => void;
  readonly #open = new Map<string, { readonly what: Refused; readonly error: KubeError }>();
  #problems: readonly Problem[] = [];

  /** `changed`: what `problems` answers is another thing. */
  constructor(source: string, changed: () => void) {
    this.#source = source;
    this.#changed = changed;
  }

  /** `error` undefined: it can be written by now. */
  tell(what: Refused, error: KubeError | undefined): void {
    const key = keyOf(what);
    const before = this.#open.get(key);
    if (error === undefined ? before === undefined : before?.error.message === error.message) return;
    if (error === undefined) this.#open.delete(key);
    else if (before !== undefined || this.#open.size < most) this.#open.set(key, { what, error });
    this.#problems = [...this.#open.values()].map((one) => this.#problemOf(one.what, one.error));
    this.#changed();
  }

  /** Whether the right for this is missing. */
  denies(what: Refused): boolean {
    const error = this.#open.get(keyOf(what))?.error;
    return error?.forbidden === true && !isAdmission(error);
  }

  /** Nothing is known in this namespace any more: nothing is to be written there. */
  forget(namespace: string): void {
    for (const { what } of this.#open.values()) if (what.namespace === namespace) this.tell(what, undefined);
  }

  problems(): readonly Problem[] {
    return this.#problems;
  }

  #problemOf(what: Refused, error: KubeError): Problem {
    const remedy = remedyOf(what, error);
    return {
      code: 'W_KUBE_WRITE',
      severity: 'warning',
      source: `source/${this.#source}`,
      message: `source ${this.#source}: ${nameOf(what)} cannot be written: ${error.message}${remedy}; everything else goes on`,
    };
  }
}

function remedyOf(what: Refused, error: KubeError): string {
  if (isAdmission(error)) return '. Mend that webhook or policy, or leave status and finalizers out of its rules';
  const { byHand, object, namespace } = what;
  if (byHand !== undefined && error.forbidden)
    return `. Nothing is left of what was made for ${object}, and the right to let it go is gone, as where namespace ${namespace} is being deleted. Let it go by hand: ${byHand}`;
  return error.forbidden ? `. Grant patch (for events create, get and patch) of ${nameOf(what)}` : '';
}

function keyOf({ resource, subresource = '', namespace, object = '' }: Refused): string {
  return [resource, subresource, namespace, object].join('\n');
}

function nameOf({ resource, subresource, namespace, object }: Refused): string {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const named = object === undefined ? what : `${what} ${object}`;
  return namespace === '' ? named : `${named} in ${namespace}`;
}
