/** The claims that everything which imitates AWS has to stand, on whatever AWS_ENDPOINT_URL names; on moto when it names nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { findMoto, type Moto, startMoto } from '../../localstack/moto.mjs';
import { agreements } from '../aws/agreements.ts';
import { Stage } from '../aws/stage.ts';

const named = process.env.AWS_ENDPOINT_URL;
const found = findMoto();
const missing = named === undefined ? found.missing : undefined;
const credentials = {
  accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? 'test',
  secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? 'test',
};

describe(`endpoint ${named ?? 'moto'}`, () => {
  let moto: Moto | undefined;
  before(async () => {
    // Names of load balancers would be somebody's, and every call would cost.
    assert.doesNotMatch(named ?? '', /amazonaws\.com/, 'AWS itself is no place for this suite');
    if (named === undefined && found.missing === undefined) moto = await startMoto(found.command);
  });
  after(() => moto?.stop());

  if (missing !== undefined) it('all of it', { skip: missing });
  else {
    for (const [index, { says, check }] of agreements.entries()) {
      it(says, async () => {
        const endpoint = named ?? moto?.url ?? '';
        const run = Date.now().toString(36).slice(-5);
        const stage = await Stage.open({ region: 'eu-west-1', endpoint, credentials }, `w${run}${index}`);
        await check(stage);
        stage.close();
      });
    }
  }
});
