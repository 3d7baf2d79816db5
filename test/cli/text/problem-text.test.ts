import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPaint } from '../../../src/cli/text/paint.ts';
import { problemsText, problemText } from '../../../src/cli/text/problem-text.ts';
import { problem } from '../fake-app.ts';

const paint = createPaint(false);

test('a long line is shown around the column, with the caret under it', () => {
  const line = `${'x'.repeat(300)}HERE${'y'.repeat(300)}`;
  const shown = problemText({ ...problem, column: 301 }, paint, () => line).split('\n');
  const at = (shown[3] ?? '').indexOf('^');
  assert.equal((shown[2] ?? '').slice(at, at + 4), 'HERE');
  assert.ok((shown[2] ?? '').length < 125);
});

test('a line that may hold key material is never shown, its place is', () => {
  const cases = [
    { code: 'E_CERT_INVALID', field: 'data["tls.key"]' },
    { code: 'E_FILE_SYNTAX' },
    { code: 'E_FIELD_TYPE', field: 'stringData.x' },
    { code: 'E_FIELD_TYPE', field: 'spec.x', source: 'Secret/shop/tls' },
  ] as const;
  for (const fields of cases) {
    const { field: _, ...rest } = problem;
    const text = problemText({ ...rest, ...fields }, paint, () => 'tls.key: c2VjcmV0');
    assert.doesNotMatch(text, /c2VjcmV0/);
    assert.match(text, /--> shop\.yaml:2:9/);
  }
});

test('errors before warnings; of one code twenty, then a count', () => {
  const many = Array.from({ length: 25 }, () => ({
    ...problem,
    severity: 'warning' as const,
    code: 'W_FEATURE' as const,
  }));
  const text = problemsText([...many, problem], paint);
  assert.match(text, /^error\[E_PORT\]/);
  assert.equal(text.split('warning[W_FEATURE]').length - 1, 20);
  assert.match(text, /… and 5 more W_FEATURE \(-o json lists all\)\n$/);
});

test('a name that the message says is not said again', () => {
  const message = 'Ingress shop/web: spec.rules must be a list';
  const text = (service: string, field: string) => problemText({ ...problem, service, field, message }, paint);
  assert.match(text('ingress/shop/web', 'spec.rules'), /^error\[E_PORT\] Ingress shop\/web: spec\.rules must/);
  assert.match(text('ingress/shop/api', 'spec.rules'), /^error\[E_PORT\] ingress\/shop\/api: Ingress shop\/web: spec/);
  assert.match(text('ingress/shop/web', 'spec.tls'), /^error\[E_PORT\] spec\.tls: Ingress shop\/web: spec/);
});
