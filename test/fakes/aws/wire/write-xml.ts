import type { Shape } from './shape.ts';

/** Writes an answer as XML by its shape. A member that the model does not know, or of the wrong type, is a fault of the fake and throws. */
export function writeXml(value: unknown, shape: Shape, path = ''): string {
  switch (shape.kind) {
    case 'structure': {
      if (!isRecord(value)) throw wrong(path, value, shape.kind);
      const parts: string[] = [];
      for (const name of Object.keys(value)) {
        const member = value[name];
        if (member === undefined) continue;
        const known = shape.members.get(name);
        if (known === undefined) throw new Error(`the model of ${shape.name} has no member ${name} (at ${path})`);
        parts.push(`<${known.xmlName}>${writeXml(member, known.shape(), `${path}.${name}`)}</${known.xmlName}>`);
      }
      return parts.join('');
    }
    case 'list': {
      if (!Array.isArray(value)) throw wrong(path, value, shape.kind);
      const item = shape.item();
      return value.map((each) => `<${shape.itemName}>${writeXml(each, item, path)}</${shape.itemName}>`).join('');
    }
    case 'map': {
      if (!isRecord(value)) throw wrong(path, value, shape.kind);
      return Object.entries(value)
        .map(
          ([key, each]) =>
            `<entry><key>${escapeXml(key)}</key><value>${writeXml(each, shape.value(), path)}</value></entry>`,
        )
        .join('');
    }
    case 'timestamp':
      if (!(value instanceof Date)) throw wrong(path, value, shape.kind);
      return value.toISOString();
    case 'unit':
      return '';
    case 'number':
    case 'boolean':
      if (typeof value !== shape.kind) throw wrong(path, value, shape.kind);
      return String(value);
    default:
      if (typeof value !== 'string') throw wrong(path, value, shape.kind);
      return escapeXml(value);
  }
}

/** Quotes a text for XML; what XML 1.0 cannot say at all becomes U+FFFD. */
export function escapeXml(text: string): string {
  if (!/[&<>"'\r\n\t\u0000-\u001f\ufffe\uffff]/.test(text)) return text;
  return text.replace(/[&<>"'\u0000-\u001f\ufffe\uffff]/g, (character) => {
    const name = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }[character];
    if (name !== undefined) return name;
    return /[\t\n\r]/.test(character) ? `&#${character.charCodeAt(0)};` : '\ufffd';
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(path: string, value: unknown, kind: string): Error {
  return new Error(`the answer holds ${JSON.stringify(value)} at ${path}, the model wants ${kind}`);
}
