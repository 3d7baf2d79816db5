import type { OperationSchema } from '../wire/shape.ts';

/** What a handler gets: members that the model requires are there, because they were checked before. */
export type Given<T> = T extends readonly (infer Item)[]
  ? Given<Item>[]
  : T extends Date | Uint8Array | string | number | boolean | undefined
    ? T
    : T extends object
      ? {
          [Key in keyof T]: Record<never, never> extends Pick<T, Key>
            ? Given<T[Key]>
            : Given<Exclude<T[Key], undefined>>;
        }
      : T;

/** Rate classes of the token buckets. */
export type CallClass = 'read' | 'write' | 'targets';

export interface Action {
  readonly name: string;
  readonly schema: OperationSchema;
  readonly class: CallClass;
  /** Does the whole call at once; throws AwsError before it has changed anything. */
  run(input: unknown): unknown;
}

/** Makes the rows of a service's table of actions: schema of the SDK, rate class, handler. */
export function rowsOf<State>(state: State) {
  return <Input>(
    schema: OperationSchema,
    callClass: CallClass,
    handle: (state: State, input: Input) => unknown,
  ): Action => ({
    name: schema[2],
    schema,
    class: callClass,
    // The input was read and checked by this very schema.
    run: (input) => handle(state, input as Input),
  });
}
