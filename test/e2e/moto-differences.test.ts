/**
 * moto does otherwise than AWS in each of these, which is why it is no honest judge of them. When it learns one, this file fails
 * and says which: take that claim off the list of differences.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { findMoto, type Moto, startMoto } from '../../localstack/moto.mjs';
import { differences } from '../aws/differences/index.ts';
import { Stage } from '../aws/stage.ts';

const found = findMoto();
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describe('moto is known to be wrong here', () => {
  let moto: Moto | undefined;
  let number = 0;
  before(async () => {
    if (found.missing === undefined) moto = await startMoto(found.command);
  });
  after(() => moto?.stop());

  // One loud line, not a hundred: the reason is the same for all.
  if (found.missing !== undefined) it('all of it', { skip: found.missing });
  else
    for (const [area, claims] of Object.entries(differences)) {
      for (const { says, check } of claims) {
        it(`${area}: ${says}`, async () => {
          assert.ok(moto !== undefined);
          const stage = await Stage.open({ region: 'eu-west-1', endpoint: moto.url, credentials }, `m${++number}`);
          const learnt = 'moto does as AWS does now: take this claim off the list of differences';
          await assert.rejects(check(stage), { name: 'AssertionError' }, learnt);
          stage.close();
        });
      }
    }
});
