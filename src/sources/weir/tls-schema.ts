import { z } from 'zod';
import { file, host, oneOrMany } from './scalars.ts';

const ocsp = file.describe(
  'File with an OCSP response (DER) to staple; default: the file of `certificate` with .ocsp behind its name, where there is one.',
);

const certificate = z
  .strictObject({
    certificate: file.describe('PEM file with the certificate chain, and the key where `key` is left out.'),
    key: file.describe('PEM file with the key.').optional(),
    ocsp: ocsp.optional(),
    hosts: oneOrMany(host).optional().describe('Serve it only for these hosts; default: the names it is valid for.'),
  })
  .describe('One certificate with its key.')
  .meta({ id: 'certificate' });

/** TLS at a front. Either one certificate written directly, or several under `certificates`. */
export const frontTls = z
  .strictObject({
    certificate: file.optional().describe('PEM file with the certificate chain, and the key where `key` is left out.'),
    key: file.optional().describe('PEM file with the key.'),
    ocsp: ocsp.optional(),
    hosts: oneOrMany(host)
      .optional()
      .describe(
        'Serve `certificate` only for these hosts; default: the names it is valid for. With mode passthrough: the names of this service, where several share the port.',
      ),
    certificates: z
      .array(certificate)
      .optional()
      .describe('Several certificates, chosen by SNI; the first is the default one.'),
    mode: z
      .enum(['terminate', 'passthrough', 'mutual'])
      .optional()
      .describe(
        'terminate (default); passthrough: TLS ends at the targets; mutual: clients must show a certificate of `ca`.',
      ),
    ca: file
      .optional()
      .describe('PEM file with the authorities that client certificates must come from (mode mutual, its default).'),
  })
  .describe('TLS towards clients.')
  .meta({ id: 'tls' });

export const backendTls = z.union([
  z.boolean().describe('true: TLS towards the targets, certificates verified against the system authorities.'),
  z.strictObject({
    verify: z.boolean().optional().describe('Verify certificates of the targets; default true.'),
    ca: file.optional().describe('PEM file with the authorities; default: those of the system.'),
    serverName: host.optional().describe('Name to ask for and to verify (SNI).'),
  }),
]);

export type FrontTlsForm = z.infer<typeof frontTls>;
export type BackendTlsForm = z.infer<typeof backendTls>;
