/** `1 gap`, `2 gaps`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** A span for people: `40 ms`, `1.4 s`, `42 s`, `5 min`, `3 h`, `2 d`. */
export function span(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  const seconds = durationMs / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** The first few of many, with how many more there are. */
export function some(items: readonly string[], most: number): string {
  if (items.length <= most) return items.join(', ');
  return `${items.slice(0, most).join(', ')} and ${items.length - most} more`;
}

/** Items in lines of at most `width` characters; an item that is longer has a line of its own. */
export function wrap(items: readonly string[], between: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + between.length + item.length <= width)
      lines[lines.length - 1] = last + between + item;
    else lines.push(item);
  }
  return lines;
}
