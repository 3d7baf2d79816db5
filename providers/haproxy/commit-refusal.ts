/** HAProxy refused a configuration: which resources of ours that is about, so that the rest can be served. */
import { type Resource, WeirError } from '../../src/model/index.ts';
import { RefusedResources } from './commit-fault.ts';
import { sealLayout } from './commit-files.ts';
import type { Loader } from './commit-load.ts';
import type { CommitParts } from './commit-parts.ts';
import type { Given } from './commit-withhold.ts';
import type { Layout } from './layout.ts';

export class Refusals {
  readonly #parts: Pick<CommitParts, 'ctx' | 'renderer' | 'binary'>;
  readonly #loader: Loader;
  readonly #refused = new RefusedResources();

  constructor(parts: CommitParts, loader: Loader) {
    this.#parts = parts;
    this.#loader = loader;
  }

  /** Forgets what is wanted no more, or is another thing now. */
  keep(wanted: readonly Resource[]): void {
    this.#refused.keep(wanted);
  }

  /** Without what was refused, or with what HAProxy took before in its place. */
  withhold(given: Given, before: readonly Resource[]): Given {
    return this.#refused.withhold(given, before);
  }

  /**
   * Whether a refusal is about resources of ours that can be left out; they stay out until they change. `before`: what HAProxy took the
   * last time; `running`: what it serves.
   */
  async learnFrom(
    error: unknown,
    resources: readonly Resource[],
    before: readonly Resource[],
    running: Layout | undefined,
  ): Promise<boolean> {
    if (!(error instanceof WeirError) || error.code !== 'E_HAPROXY_CONFIG') return false;
    const { renderer, ctx } = this.#parts;
    const layout = this.#loader.checking ?? renderer.fresh(resources, undefined);
    let out = this.#refused.learn(error, renderer.textOf(sealLayout(layout)), layout, resources);
    let unclear = 0;
    if (out.length === 0) {
      const found = await this.#refused.search(error, resources, before, (part) => this.#passes(part, running));
      out = [...found.faulty, ...found.unclear];
      unclear = found.unclear.length;
    }
    const ids = out.map(({ kind, id }) => `${kind} ${id}`);
    const more = ids.length > 5 ? ` and ${ids.length - 5} more` : '';
    const search = unclear > 0 ? `; ${unclear} of them are not told apart yet` : '';
    if (out.length > 0)
      ctx.log.error(
        { balancer: ctx.balancer, resources: ids.slice(0, 100), code: error.code },
        `HAProxy refuses ${ids.slice(0, 5).join(', ')}${more}, so it is left out${search}: ${error.message}`,
      );
    return out.length > 0;
  }

  /** Whether HAProxy would take a configuration of these resources. */
  async #passes(resources: readonly Resource[], running: Layout | undefined): Promise<boolean> {
    if ((await this.#parts.binary()) === undefined) return false;
    try {
      await this.#loader.check(this.#parts.renderer.fresh(resources, running), running);
      return true;
    } catch (error) {
      if (error instanceof WeirError && error.code === 'E_HAPROXY_CONFIG') return false;
      throw error;
    }
  }
}
