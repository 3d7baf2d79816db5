import type { Json } from '../../model/json.ts';
import type { FieldPath } from '../../model/located.ts';
import { parseName, safeText } from '../../net/index.ts';
import type { Form } from './form.ts';

export interface Settings {
  readonly settings: Readonly<Record<string, Json>>;
  /** `haproxy.timeout` → `settings.haproxy.timeout`. */
  readonly settingsOrigin: Readonly<Record<string, string>>;
}

/** Settings of providers: passed on as written, but with every text checked; the provider's own schema judges the rest. */
export function readSettings(form: Form, written: Readonly<Record<string, unknown>> | undefined): Settings {
  const settings: Record<string, Json> = {};
  const settingsOrigin: Record<string, string> = {};
  for (const [provider, value] of Object.entries(written ?? {})) {
    const path = ['settings', provider];
    if (form.take(parseName(provider), path, provider) === undefined) continue;
    const json = readJson(form, value, path);
    if (json === undefined) continue;
    settings[provider] = json;
    collectLeaves(json, [provider], settingsOrigin);
  }
  return { settings, settingsOrigin };
}

function readJson(form: Form, value: unknown, path: FieldPath): Json | undefined {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return form.take(safeText(value), path, value);
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    form.complain('E_FIELD_VALUE', path, 'must be a finite number', String(value));
    return undefined;
  }
  if (Array.isArray(value)) return value.flatMap((item, i) => readJson(form, item, [...path, i]) ?? []);
  if (typeof value === 'object') {
    const entries = Object.entries(value).flatMap(([key, inner]): [string, Json][] => {
      const at = [...path, key];
      const name = form.take(safeText(key, 253), at, key);
      const json = readJson(form, inner, at);
      return name === undefined || json === undefined ? [] : [[name, json]];
    });
    return Object.fromEntries(entries);
  }
  form.complain('E_FIELD_TYPE', path, 'must be a JSON value');
  return undefined;
}

function collectLeaves(json: Json, path: readonly string[], into: Record<string, string>): void {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    for (const [key, value] of Object.entries(json)) collectLeaves(value, [...path, key], into);
  }
  into[path.join('.')] = ['settings', ...path].join('.');
}
