import { accept, type Parsed, refuse } from './parsed.ts';

/**
 * Characters that no text of ours may carry: C0, DEL and C1 controls (line breaks among them), soft hyphen, zero-width and
 * bidirectional controls, line and paragraph separator, word joiner and invisible operators, interlinear annotation, BOM, tag characters.
 */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

/** True when the text has no control, invisible or direction-changing character and no lone surrogate. */
export function isSafeText(text: string): boolean {
  return !unsafe.test(text) && text.isWellFormed();
}

/** A text without any character that could break a line, hide or reorder. `maxLength` in UTF-16 units, default 4096. */
export function safeText(value: unknown, maxLength = 4096): Parsed<string> {
  if (typeof value !== 'string') return refuse('E_FIELD_TYPE', 'must be a text');
  if (value.length > maxLength) return refuse('E_FIELD_VALUE', `must have at most ${maxLength} characters`);
  if (!isSafeText(value)) {
    return refuse('E_TEXT_UNSAFE', 'must not contain line breaks, control characters or invisible characters');
  }
  return accept(value);
}
