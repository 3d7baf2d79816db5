import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Identity, LoadIdentity } from './access.ts';
import type { IdentityContext } from './identity.ts';
import { KubeError } from './kube-error.ts';
import { type ClusterEntry, type ExecEntry, execCredentialSchema, type UserEntry } from './kubeconfig-schema.ts';
import { checkToken, readAuthority } from './read-credential.ts';
import { codeOf, configError, type Placed } from './read-kubeconfig.ts';

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
/** A plugin that asks a far service; one that waits for somebody at a terminal never answers. */
const pluginMs = 60_000;
const outputBytes = 1 << 20;
/** New credentials are fetched so long before the old ones end. */
const earlyMs = 30_000;

/**
 * Credentials that a program prints (aws, gcloud, kubelogin). It is run when there are none, when they end, and after a refusal. Own code:
 * client-node's costs 85 MB of memory, keeps refused credentials and tells the program nothing about the cluster.
 */
export function createExecIdentity(
  user: Placed<UserEntry>,
  exec: ExecEntry,
  cluster: Placed<ClusterEntry>,
  context: IdentityContext,
): LoadIdentity {
  const where = `${user.file}, user ${user.name}, exec`;
  if (!versions.includes(exec.apiVersion))
    throw configError(where, `apiVersion must be ${versions.join(' or ')}: update the plugin and the kubeconfig`);
  if (exec.interactiveMode === 'Always')
    throw configError(where, 'interactiveMode Always needs a terminal: use a user that can be asked without one');
  let kept: Identity | undefined;
  return async (refused, signal) => {
    if (kept !== undefined && !refused && (kept.untilMs === undefined || context.now() < kept.untilMs)) return kept;
    kept = undefined;
    const env = await environment(exec, cluster, context.env);
    const command = /[\\/]/.test(exec.command) ? resolve(user.directory, exec.command) : exec.command;
    const output = await run(command, exec, env, `kubeconfig ${where}`, signal);
    kept = parseOutput(output, exec, `kubeconfig ${where}`, context);
    return kept;
  };
}

async function environment(exec: ExecEntry, cluster: Placed<ClusterEntry>, env: IdentityContext['env']) {
  const { entry } = cluster;
  const own = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]));
  const spec: Record<string, unknown> = { interactive: false };
  if (exec.provideClusterInfo === true) {
    const ca = await readAuthority(cluster);
    const config = entry.extensions?.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.extension;
    spec.cluster = {
      server: entry.server,
      'tls-server-name': entry['tls-server-name'],
      'insecure-skip-tls-verify': entry['insecure-skip-tls-verify'],
      'certificate-authority-data': ca === undefined ? undefined : Buffer.from(ca, 'latin1').toString('base64'),
      config,
    };
  }
  const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec };
  return { ...env, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
}

function run(
  command: string,
  exec: ExecEntry,
  env: Record<string, string | undefined>,
  where: string,
  signal: AbortSignal,
): Promise<string> {
  const failed = (what: string) => new KubeError(0, 'Credentials', `${where}: ${what}`);
  return new Promise((done, fail) => {
    const child = spawn(command, exec.args ?? [], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      timeout: pluginMs,
      killSignal: 'SIGKILL',
    });
    const output: Buffer[] = [];
    let bytes = 0;
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > outputBytes) child.kill('SIGKILL');
      else output.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = `${complaint}${chunk.toString('utf8')}`.slice(-2_000);
    });
    child.on('error', (error) => {
      if (signal.aborted) fail(new KubeError(0, 'Aborted', 'aborted'));
      else {
        const hint = exec.installHint === undefined ? '' : `; ${tame(exec.installHint)}`;
        fail(failed(`command ${command} cannot be run (${codeOf(error)}): install it, or correct the path${hint}`));
      }
    });
    child.on('close', (code, killed) => {
      if (bytes > outputBytes) fail(failed(`${command} printed more than ${outputBytes} bytes`));
      else if (killed !== null)
        fail(failed(`${command} did not end within ${pluginMs / 1000} s: run it by hand to see why`));
      else if (code !== 0) fail(failed(`${command} ended with code ${code}: ${tame(complaint) || 'it said nothing'}`));
      else done(Buffer.concat(output).toString('utf8'));
    });
  });
}

function parseOutput(output: string, exec: ExecEntry, where: string, { now, wall }: IdentityContext): Identity {
  const wrong = (what: string) => new KubeError(0, 'Credentials', `${where}: ${exec.command} printed ${what}`);
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    throw wrong('no JSON: it must print an ExecCredential');
  }
  const result = execCredentialSchema.safeParse(value);
  if (!result.success) throw wrong(`no ExecCredential: ${result.error.issues[0]?.path.join('.')} is wrong`);
  const { apiVersion, status } = result.data;
  if (apiVersion !== exec.apiVersion)
    throw wrong(`apiVersion ${tame(apiVersion)}, the kubeconfig wants ${exec.apiVersion}: make them equal`);
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
  if ((cert === undefined) !== (key === undefined)) throw wrong('a certificate or a key without the other');
  if (token === undefined && cert === undefined) throw wrong('neither a token nor a certificate');
  const endsWallMs = expirationTimestamp == null ? Number.NaN : Date.parse(expirationTimestamp);
  const leftMs = endsWallMs - wall();
  return {
    headers: token === undefined ? {} : { authorization: `Bearer ${checkToken(token, where)}` },
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    // Short-lived ones are used for half of their life at least.
    ...(Number.isNaN(leftMs) ? {} : { untilMs: now() + Math.max(leftMs - earlyMs, leftMs / 2, 1_000) }),
  };
}

/** Text of a program for a message: one line, short, without anything that is as long as a secret. */
function tame(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/[A-Za-z0-9+/_=.-]{40,}/g, '…')
    .trim()
    .slice(-300);
}
