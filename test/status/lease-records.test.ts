import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type JsonObject, KubeError } from '../../src/kube/index.ts';
import { LeaseRecords, recordAnnotation } from '../../src/status/lease-records.ts';

/** Leases by path, as an API server keeps them. */
class Leases {
  readonly objects = new Map<string, { version: number; body: JsonObject }>();
  #versions = 0;

  readonly cluster = {
    namespace: 'weir-system',
    get: async (path: string) => this.#shown(path),
    create: async (path: string, body: JsonObject) => {
      const at = `${path}/${String(Object(body.metadata).name)}`;
      if (this.objects.has(at)) throw new KubeError(409, 'AlreadyExists', 'there is one');
      this.objects.set(at, { version: ++this.#versions, body });
      return this.#shown(at);
    },
    patch: async (path: string, body: unknown) => {
      const known = this.objects.get(path);
      if (known === undefined) throw new KubeError(404, 'NotFound', 'no lease');
      const { metadata, spec } = Object(body);
      if (metadata.resourceVersion !== String(known.version)) throw new KubeError(409, 'Conflict', 'another version');
      const { annotations } = metadata;
      this.objects.set(path, { version: ++this.#versions, body: { metadata: { annotations }, spec } });
      return this.#shown(path);
    },
  };

  #shown(path: string): JsonObject {
    const known = this.objects.get(path);
    if (known === undefined) throw new KubeError(404, 'NotFound', 'no lease');
    const metadata = { ...Object(known.body.metadata), resourceVersion: String(known.version) };
    return { ...known.body, metadata };
  }
}

function stage() {
  const leases = new Leases();
  const signal = new AbortController().signal;
  const open = (identity: string) =>
    new LeaseRecords({
      open: async () => leases.cluster,
      name: 'weir',
      balancer: 'vip',
      identity,
      clock: { wall: () => 1_700_000_000_000 },
    });
  return { leases, signal, open };
}

const path = '/apis/coordination.k8s.io/v1/namespaces/weir-system/leases/weir-vip-voters';

describe('records in Leases', () => {
  it('are created once, and replaced only by who has seen what they replace', async () => {
    const { leases, signal, open } = stage();
    const [a, b] = [open('a'), open('b')];
    assert.equal(await a.read('voters', signal), undefined);
    assert.equal(await a.write('voters', 'one', undefined, signal), true);
    assert.equal(await b.write('voters', 'other', undefined, signal), false, 'it is there already');
    assert.deepEqual([...leases.objects.keys()], [path]);
    const seen = await b.read('voters', signal);
    assert.equal(seen?.text, 'one');
    assert.equal(await a.write('voters', 'two', seen?.version, signal), true);
    assert.equal(await b.write('voters', 'three', seen?.version, signal), false, 'somebody else was faster');
    const last = await b.read('voters', signal);
    assert.equal(last?.text, 'two');
    assert.notEqual(last?.version, seen?.version);
  });

  it('of the same text have another version after each write', async () => {
    const { signal, open } = stage();
    const a = open('a');
    await a.write('vote', 'same', undefined, signal);
    const first = await a.read('vote', signal);
    await a.write('vote', 'same', first?.version, signal);
    assert.notEqual((await a.read('vote', signal))?.version, first?.version);
  });

  it('that were deleted meanwhile are not replaced; a Lease of somebody else is told, faults are thrown', async () => {
    const { leases, signal, open } = stage();
    const a = open('a');
    assert.equal(await a.write('voters', 'text', '7', signal), false);
    leases.objects.set(path, { version: 3, body: { metadata: { annotations: {} }, spec: {} } });
    await assert.rejects(a.read('voters', signal), new RegExp(`${path} has no annotation ${recordAnnotation}`));
    leases.cluster.get = async () => {
      throw new KubeError(403, 'Forbidden', 'leases may not be read');
    };
    await assert.rejects(a.read('voters', signal), /may not be read/);
  });
});
