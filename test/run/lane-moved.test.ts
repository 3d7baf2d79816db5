/** Things that come to be ours, or cease to, because other services are asked for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExportedService, Session } from '../../src/model/index.ts';
import { service } from '../front/make-service.ts';
import { laneStage, resource, World } from './lane-stage.ts';
import { object } from './steps.ts';
import { settled } from './virtual-clock.ts';

const [web, db] = [service('shop/web', []), service('shop/db', [])];

/** A system in which an object is ours where somebody is known for it. */
class TaggedWorld extends World {
  known: ReadonlySet<string> = new Set();
  #told = new Set<string>();

  override session(): Session {
    const session = super.session();
    return {
      ...session,
      discover: async (services, _signal, besides = []) => {
        this.known = new Set([...services, ...besides].map(({ id }) => id));
        return {};
      },
      moved: () => {
        const moved = [...this.known].filter((id) => !this.#told.has(id));
        for (const id of moved) this.#told.add(id);
        return moved;
      },
      observe: async (...args) =>
        (await session.observe(...args)).map((one) => ({ ...one, owned: this.known.has(one.id) })),
    };
  }
}

function stage() {
  const tagged = new TaggedWorld();
  for (const { id } of [web, db])
    tagged.objects.set(`h-${id}`, { ...object(`h-${id}`), ...resource(id, { attrs: { old: 1 } }) });
  const { lane, want, stop, clock, state } = laneStage({ open: async () => tagged.session() });
  return { tagged, lane, want, stop, clock, state };
}
const ids = (services: readonly ExportedService[]) => services.map(({ id }) => resource(id, { attrs: { old: 1 } }));

describe('a lane of which things move', () => {
  it('reads what has come to be its own before it plans, and nothing else again', async () => {
    const { tagged, want, stop } = stage();
    want(ids([web]), { services: [web] });
    await settled();
    assert.deepEqual(tagged.writes(), []);
    tagged.calls.length = 0;
    want(ids([web, db]), { services: [web, db] });
    await settled();
    // Not known to be its own, it would be made a second time.
    assert.deepEqual(tagged.calls, ['observe shop/db']);
    await stop();
  });

  it('asks again until it could be read', async () => {
    const { tagged, want, stop, clock } = stage();
    want(ids([web]), { services: [web] });
    await settled();
    let left = 2;
    tagged.before = () => {
      if (left-- > 0) throw new Error('away');
    };
    want(ids([web, db]), { services: [web, db] });
    await settled();
    await clock.pass(120_000);
    assert.equal(left < 0, true);
    assert.deepEqual(tagged.writes(), []);
    await stop();
  });

  it('deletes what was made for services that leave, and knows whom it has looked for', async () => {
    const { tagged, lane, want, stop } = stage();
    const services = [web];
    want(ids(services), { services });
    await settled();
    assert.deepEqual([lane.hasLookedFor('shop/db'), tagged.writes()], [true, []]);
    want(ids(services), { services, besides: [db] });
    assert.equal(lane.hasLookedFor('shop/db'), false);
    await settled();
    assert.deepEqual([lane.hasLookedFor('shop/db'), tagged.writes()], [true, ['delete shop/db']]);
    await stop();
  });
});
