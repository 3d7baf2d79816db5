import { frame } from './frame.ts';
import { html } from './html.ts';

export function loginPage(failed: boolean): string {
  const note = failed ? html`<p role="alert">${'That is not the token.'}</p>` : html``;
  const body = html`<h1>weir</h1>
${note}
<form method="post" action="/login">
<label for="token">Token (the content of api.tokenFile)</label>
<input id="token" name="token" type="password" autocomplete="current-password" required>
<button>Log in</button>
</form>`;
  return frame('weir: log in', body, false);
}
