import { styleText } from 'node:util';

/** Colours that only ever underline what a word already says. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  strong(text: string): string;
  weak(text: string): string;
}

const plain = (text: string) => text;

/** Paint for a stream; without colour every function gives its text back. */
export function createPaint(colour: boolean): Paint {
  if (!colour) return { good: plain, bad: plain, warn: plain, strong: plain, weak: plain };
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    text === '' ? '' : styleText(format, text, { validateStream: false });
  return {
    good: style('green'),
    bad: style('red'),
    warn: style('yellow'),
    strong: style('bold'),
    weak: style('dim'),
  };
}
