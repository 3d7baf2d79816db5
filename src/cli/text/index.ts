/** What people read on a terminal, made from the reports of the model and the words of the kinds, and from nothing else. Pure: text out, no streams, no clock. */
export { addressText, applyText, createStepLines, endingText } from './apply-text.ts';
export { codeDetails } from './code-details.ts';
export { codeText, explanationText } from './explain-text.ts';
export type { KindsOf } from './object-words.ts';
export { createPaint, type Paint } from './paint.ts';
export { planText } from './plan-text.ts';
export { printable } from './printable.ts';
export { problemsText } from './problem-text.ts';
export { renderText } from './render-text.ts';
export { isWell } from './state-problems.ts';
export { statusText } from './status-text.ts';
export { count, span } from './words.ts';
