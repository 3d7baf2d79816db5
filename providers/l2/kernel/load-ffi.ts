/** Calls of the C library through `node:ffi`, which Node 26 has. It is marked as experimental and says so on stderr; that line is kept back. Throws an Error that names what is missing. */
export async function loadFfi(): Promise<typeof import('node:ffi')> {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return await import('node:ffi');
  } catch {
    throw new Error(`announcing addresses needs Node 26 or newer with node:ffi; this is ${process.version}`);
  } finally {
    process.emitWarning = emitWarning;
  }
}
