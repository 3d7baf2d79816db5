import { z } from 'zod';

const text = z.string().min(1);
const flag = z.boolean();
/** kubectl writes empty fields too: an empty one is an absent one. */
const optionalText = z
  .string()
  .nullish()
  .transform((value) => (value === '' || value === null ? undefined : value));
const texts = z.array(z.string()).nullish();

const clusterSchema = z.looseObject({
  server: text,
  'certificate-authority': optionalText,
  'certificate-authority-data': optionalText,
  'insecure-skip-tls-verify': flag.optional(),
  'tls-server-name': optionalText,
  'proxy-url': optionalText,
  extensions: z.array(z.looseObject({ name: z.string(), extension: z.unknown() })).nullish(),
});

const execSchema = z.looseObject({
  apiVersion: text,
  command: text,
  args: texts,
  env: z.array(z.looseObject({ name: text, value: z.string() })).nullish(),
  provideClusterInfo: flag.optional(),
  interactiveMode: z.enum(['Never', 'IfAvailable', 'Always']).nullish(),
  installHint: optionalText,
});

const userSchema = z.looseObject({
  token: optionalText,
  tokenFile: optionalText,
  'client-certificate': optionalText,
  'client-certificate-data': optionalText,
  'client-key': optionalText,
  'client-key-data': optionalText,
  username: optionalText,
  password: optionalText,
  as: optionalText,
  'as-uid': optionalText,
  'as-groups': texts,
  'as-user-extra': z.record(z.string(), z.array(z.string())).nullish(),
  exec: execSchema.nullish(),
  'auth-provider': z.looseObject({ name: text, config: z.record(z.string(), z.string()).nullish() }).nullish(),
});

const contextSchema = z.looseObject({ cluster: text, user: optionalText, namespace: optionalText });

/** The fields of a kubeconfig that weir reads; others may stand there. Source: client-go, tools/clientcmd/api/v1. */
export const kubeconfigSchema = z.looseObject({
  clusters: z.array(z.looseObject({ name: text, cluster: clusterSchema })).nullish(),
  users: z.array(z.looseObject({ name: text, user: userSchema.nullish() })).nullish(),
  contexts: z.array(z.looseObject({ name: text, context: contextSchema })).nullish(),
  'current-context': optionalText,
});

export type ClusterEntry = z.output<typeof clusterSchema>;
export type UserEntry = z.output<typeof userSchema>;
export type ContextEntry = z.output<typeof contextSchema>;
export type ExecEntry = z.output<typeof execSchema>;

/** What an `exec` plugin prints. Source: client.authentication.k8s.io/v1 and v1beta1. */
export const execCredentialSchema = z.looseObject({
  kind: z.literal('ExecCredential'),
  apiVersion: text,
  status: z.looseObject({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().nullish(),
  }),
});
