import type { InProcessHandler } from '../../fakes/aws/request-handler.ts';

/** Something that goes wrong between weir and AWS without either knowing: what a figure must notice. */
export type Twist = (handler: InProcessHandler) => InProcessHandler['handle'];

type Request = Parameters<InProcessHandler['handle']>[0];

const actionOf = ({ body }: Request): string =>
  typeof body === 'string' ? (new URLSearchParams(body).get('Action') ?? '') : '';

/** Every call is made twice. */
export const chatty: Twist = (handler) => async (request, options) => {
  await handler.handle(request, options);
  return handler.handle(request, options);
};

/** A reading that was answered once is answered the same for ever. */
export const blind: Twist = (handler) => {
  const answers = new Map<unknown, Awaited<ReturnType<InProcessHandler['handle']>>>();
  return async (request, options) => {
    if (!/^Describe(TargetHealth|Listeners)$/.test(actionOf(request))) return handler.handle(request, options);
    const known = answers.get(request.body);
    if (known !== undefined) return known;
    const answer = await handler.handle(request, options);
    answers.set(request.body, answer);
    return answer;
  };
};

/** Before targets are registered one that serves is taken out. */
export const deregisterFirst: Twist = (handler) => async (request, options) => {
  if (actionOf(request) === 'RegisterTargets') {
    const form = new URLSearchParams(String(request.body));
    form.set('Action', 'DeregisterTargets');
    await handler.handle(Object.assign(Object.create(request), { body: form.toString() }), options);
  }
  return handler.handle(request, options);
};

/** Targets that are only registered are said to be healthy. */
export const rash: Twist = (handler) => async (request, options) => {
  const answer = await handler.handle(request, options);
  if (actionOf(request) !== 'DescribeTargetHealth') return answer;
  const text = Buffer.from(answer.response.body).toString();
  answer.response.body = Buffer.from(text.replaceAll('<State>initial</State>', '<State>healthy</State>'));
  return answer;
};

/** Target groups are not deleted, whatever is answered. */
export const sticky: Twist = (handler) => async (request, options) => {
  if (actionOf(request) !== 'DeleteTargetGroup') return handler.handle(request, options);
  const form = new URLSearchParams({ Action: 'DescribeAccountLimits', Version: '2015-12-01' });
  return handler.handle(Object.assign(Object.create(request), { body: form.toString() }), options);
};

/** Target groups are said to let no connection outlive its target. */
export const hasty: Twist = (handler) => async (request, options) => {
  const answer = await handler.handle(request, options);
  if (actionOf(request) !== 'DescribeTargetGroupAttributes') return answer;
  const text = Buffer.from(answer.response.body).toString();
  const delay = /(<Key>deregistration_delay\.timeout_seconds<\/Key>\s*<Value>)\d+/g;
  const turned = /(<Value>)\d+(<\/Value>\s*<Key>deregistration_delay\.timeout_seconds<\/Key>)/g;
  answer.response.body = Buffer.from(text.replace(delay, '$10').replace(turned, '$10$2'));
  return answer;
};

export const twists = { chatty, blind, 'deregister-first': deregisterFirst, rash, sticky, hasty } as const;
