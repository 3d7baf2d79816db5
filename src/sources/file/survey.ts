import { stat } from 'node:fs/promises';
import { type Listing, listPaths } from './list-paths.ts';
import { type Signature, signatureOf } from './read-file.ts';

/** What stands in the configured paths: names and signatures. */
export interface Survey {
  readonly listing: Listing;
  /** By path; absent where there was nothing to be seen. */
  readonly signatures: ReadonlyMap<string, Signature>;
}

/** Side by side: as many as the thread pool takes without holding up other work. */
const together = 32;

/** Looks at every file without reading any. Changes nothing that is known, so that known changes need not wait for it. */
export async function survey(paths: readonly string[], except?: string): Promise<Survey> {
  const listing = await listPaths(paths, except);
  const signatures = new Map<string, Signature>();
  const look = async (path: string): Promise<void> => {
    try {
      signatures.set(path, signatureOf(await stat(path, { bigint: true })));
    } catch {
      // Whoever reads it says why it cannot be read.
    }
  };
  for (let at = 0; at < listing.files.length; at += together)
    await Promise.all(listing.files.slice(at, at + together).map(({ path }) => look(path)));
  return { listing, signatures };
}
