/** weir's own YAML form of an exported service: its schema and the reader that turns it into the model. Opens no files; certificates come through a lookup. */

export {
  type CertificateLookup,
  type CertificateRequest,
  readWeir,
  type WeirOptions,
  type WeirResult,
} from './read.ts';
export { isWeirObject } from './recognise.ts';
export { weirDocumentSchema, weirServiceSchema } from './schema.ts';
