import { html } from './html.js';
import { hidden, layout, type PageModel } from './layout.js';
import { scriptSource } from './security-headers.js';

/** A step that only a form can take, and that nobody has to think about. */
export interface OnwardPage extends PageModel {
  readonly to: 'device' | 'sign_out' | 'signing_out' | 'application';
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

const words = {
  device: ['Connect a device', 'The link you followed contains the code of your device.'],
  sign_out: ['Sign out', 'You are not signed in in this browser.'],
  signing_out: ['Sign out', 'The application is signing you out of this browser.'],
  application: ['Back to the application', 'You can return to the application.'],
} as const;

const script = 'document.forms[0].submit()';

/** Its script, as a CSP source expression: it submits the form of the page it stands on. */
export const onwardScript = scriptSource(script);

/** Goes on by itself where scripts run, and with a button where they do not. */
export function onwardPage({ to, action, fields, base }: OnwardPage): string {
  const [title, text] = words[to];
  const content = html`<div class="card stack">
<div class="tight">
<h1>${title}</h1>
<p class="lead">${text} If nothing happens, press Continue.</p>
</div>
<form method="post" action="${action}" class="stack">
${Object.entries(fields).map(([name, value]) => hidden(name, value))}
<button class="full">Continue</button>
</form>
</div>
<script>${script}</script>`;
  return layout({ title, content, base });
}
