const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
const colours = /\u001b\[[0-9;]{1,8}m/g;

/** Text that cannot steer a terminal: control and bidirectional characters are escaped; line breaks, tabs and (on request) our colours stay. */
export function printable(text: string, colour = false): string {
  if (!colour) return escapeHidden(text);
  let safe = '';
  let from = 0;
  for (const match of text.matchAll(colours)) {
    safe += escapeHidden(text.slice(from, match.index)) + match[0];
    from = match.index + match[0].length;
  }
  return safe + escapeHidden(text.slice(from));
}

function escapeHidden(text: string): string {
  return text.replace(hidden, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
