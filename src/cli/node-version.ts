/** One clear sentence where the running Node is too old; undefined where it will do. */
export function refuseNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return undefined;
  return `weir needs Node 22.19 or newer, this is ${version}: install a newer one, or run it by \`npm run -s weir --\` in a checkout.\n`;
}
