/** Exit codes: a contract (see `weir help`). `plan --detailed-exitcode` alone uses 2 for "there are changes". */
export const exit = { done: 0, error: 1, usage: 2, changes: 2, part: 3, interrupted: 130 } as const;
