/** The providers by name, each loaded when it is first used: a HAProxy user never loads a cloud SDK. */
export const providers = {
  haproxy: () => import('./haproxy/index.ts'),
  awselb: () => import('./awselb/index.ts'),
  builtin: () => import('./builtin/index.ts'),
  l2: () => import('./l2/index.ts'),
  memory: () => import('./memory/index.ts'),
} as const;
