import type { Unit } from '../model/index.ts';
import type { Connection } from './connection.ts';
import type { Picture } from './picture.ts';

export interface MovedParts {
  readonly connection: Connection;
  readonly picture: Picture;
  /** A turn of the unit is under way: it ends first, and rings. */
  readonly busy: (unit: Unit) => boolean;
}

/**
 * Units of which things have come to be ours, or ceased to, because other services are known. They were known by their place alone: nothing
 * is wanted of them before they are known whole.
 */
export class MovedUnits {
  readonly #parts: MovedParts;
  readonly #unread = new Set<Unit>();

  constructor(parts: MovedParts) {
    this.#parts = parts;
  }

  /** Throws what the session throws; asked again, it goes on where it ended. */
  async read(signal: AbortSignal): Promise<void> {
    const { connection, picture, busy } = this.#parts;
    for (const unit of connection.session?.moved?.() ?? []) this.#unread.add(unit);
    const units = new Set([...this.#unread].filter((unit) => !busy(unit)));
    if (units.size === 0) return;
    const reading = await connection.observe([...units], signal, 'complete');
    const known = picture.cache.all().filter(({ unit }) => units.has(unit));
    picture.read(known, reading);
    for (const unit of units) this.#unread.delete(unit);
  }
}
