/**
 * Targets that weir has registered in target groups of others, which carry no mark of ours: written down before the call, so that they are
 * taken out when the binding is gone, also by another process. File lost: nothing there is ours, and everything stays.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Handle, type ServiceId, type Step, type Unit, WeirError } from '../../src/model/index.ts';
import { groupArn, isFilledGroup } from './names.ts';

const file = z.strictObject({
  groups: z.record(
    z.string(),
    z.strictObject({ unit: z.string(), serves: z.array(z.string()), targets: z.array(z.string()) }),
  ),
});

interface Group {
  readonly unit: Unit;
  readonly serves: readonly ServiceId[];
  readonly targets: ReadonlySet<string>;
}

export class Registered {
  readonly #path: string;

  /** `stateDir`: the balancer's own. Nothing is written before the first target. */
  constructor(stateDir: string) {
    this.#path = join(stateDir, 'registered-targets.json');
  }

  /** ARN → what was registered there. */
  all(): ReadonlyMap<Handle, Group> {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
      throw this.#unusable(error);
    }
    try {
      const { groups } = file.parse(JSON.parse(text));
      return new Map(Object.entries(groups).map(([arn, one]) => [arn, { ...one, targets: new Set(one.targets) }]));
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  /** Before a step: what it registers. */
  begin(step: Step): void {
    const { op, unit, serves, members = [] } = step;
    const arn = boundArn(step);
    if (arn === undefined || (op !== 'add' && op !== 'set')) return;
    const all = this.all();
    const targets = new Set([...(all.get(arn)?.targets ?? []), ...members.map(([key]) => String(key))]);
    this.#save(new Map([...all, [arn, { unit, serves, targets }]]));
  }

  /** After a step: what it has taken out. */
  done(step: Step): void {
    const arn = boundArn(step);
    if (arn === undefined || (step.op !== 'remove' && step.op !== 'delete')) return;
    const all = new Map(this.all());
    const group = all.get(arn);
    if (group === undefined) return;
    const gone = new Set(step.members?.map(([key]) => String(key)));
    const targets = new Set([...group.targets].filter((key) => step.op === 'remove' && !gone.has(key)));
    if (targets.size === 0) all.delete(arn);
    else all.set(arn, { ...group, targets });
    this.#save(all);
  }

  #save(all: ReadonlyMap<Handle, Group>): void {
    const groups = Object.fromEntries([...all].map(([arn, one]) => [arn, { ...one, targets: [...one.targets] }]));
    try {
      writeFileSync(`${this.#path}.new`, `${JSON.stringify({ groups })}\n`, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  #unusable(cause: unknown): WeirError {
    const message = `${this.#path}, which remembers targets in target groups of others, cannot be used: ${String(cause)}`;
    return new WeirError('E_APPLY', message, { cause });
  }
}

function boundArn({ kind, id, handle }: Step): Handle | undefined {
  return kind === 'TargetGroup' && isFilledGroup(id) && typeof handle === 'string' ? groupArn(handle) : undefined;
}
