import { parseLabelSelector } from './label-selector.ts';

/** The names of the namespaces that one of the label selectors selects. What cannot be read selects nothing. */
export function selectedNamespaces(
  selectors: readonly string[],
  namespaces: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[],
): readonly string[] {
  const tests = selectors.flatMap((text) => {
    const parsed = parseLabelSelector(text);
    return parsed.ok ? [parsed.value] : [];
  });
  return namespaces
    .filter(({ name, labels }) => {
      // The API server gives every namespace this label.
      const all = { 'kubernetes.io/metadata.name': name, ...labels };
      return tests.some((selects) => selects(all));
    })
    .map(({ name }) => name);
}
