import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { openSession } from '../../../providers/awselb/session.ts';
import type { ExportedService } from '../../../src/model/index.ts';
import { resolveStep } from '../../../src/run/resolve-step.ts';
import { backend, service, target, tcp } from '../../front/make-service.ts';
import { Stage } from './apply-stage.ts';
import { desire, planned } from './desire.ts';

it('a binding that is gone leaves a target group of others as it was, also for another process', async (t) => {
  const stage = new Stage();
  t.after(() => stage.close());
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-registered-'));
  t.after(() => rm(stateDir, { recursive: true }));
  const [mine = '', theirs = ''] = stage.place.nodeAddresses;
  const plain = service('shop/web', [tcp(80)], {
    backends: { web: backend({ protocol: 'tcp', targets: [target(mine, 8080)] }) },
  });
  await stage.converge([plain]);
  const [group] = [...stage.aws.world.elb.targetGroups.all()];
  assert.ok(group !== undefined);
  // It is somebody else's.
  group.tags.clear();
  for (const key of [...group.targets.keys()]) group.targets.delete(key);
  const bare = service('shop/bind', [tcp(80)], {
    backends: { web: backend({ protocol: 'tcp', targets: [target(mine, 9090)] }) },
    settings: { awselb: { backends: { web: { targetGroup: group.arn } } } },
  });
  const binding: ExportedService = { ...bare, origin: { ...bare.origin, kind: 'TargetGroupBinding' } };
  const { requestHandler, credentials } = stage.aws.client();
  assert.ok(requestHandler !== undefined);
  const options = { ...stage.options, vpcId: stage.place.vpc, endpoint: 'http://aws.invalid' };
  const signal = new AbortController().signal;
  const run = async (services: readonly ExportedService[]): Promise<readonly string[]> => {
    const session = await openSession(options, { ...stage.ctx, stateDir }, { requestHandler, credentials });
    try {
      const environment = await session.discover(services, signal);
      const present = (await session.observe('all', signal)).filter(({ id }) => id.startsWith('binding|'));
      const wish = { environment, options: { clusterName: 'test' }, present };
      const { steps } = planned(desire(services, wish).resources, present);
      const handles = new Map<number, string>();
      for (const step of steps) {
        if (step.op === 'wait') continue;
        const made = await session.apply?.(resolveStep(step, handles), signal);
        if (made !== undefined) handles.set(step.n, made);
      }
      return steps.map(({ op }) => op);
    } finally {
      await session.close('leave');
    }
  };
  const registered = () =>
    [...group.targets.values()]
      .filter(({ drainedMs }) => drainedMs === undefined)
      .map(({ id, port }) => `${id}:${port}`);

  assert.ok((await run([binding])).includes('add'));
  assert.deepEqual(registered(), [`${mine}:9090`]);
  const [[key, ours] = []] = group.targets;
  assert.ok(key !== undefined && ours !== undefined);
  // Registered by others beside ours.
  group.targets.set(key.replace(mine, theirs).replace('9090', '7070'), { ...ours, id: theirs, port: 7070 });
  assert.deepEqual(await run([]), ['remove', 'delete']);
  assert.deepEqual(registered(), [`${theirs}:7070`]);
  assert.deepEqual(await run([]), []);
  assert.deepEqual(registered(), [`${theirs}:7070`]);
});
