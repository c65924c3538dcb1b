import { html, type PageDocument, type PlainKey, scriptSource } from '@curfew/pages';
import { hidden, layout, type PageModel } from './layout.js';

/** A step that only a form can take, and that nobody has to think about. */
export interface OnwardPage extends PageModel {
  readonly to: 'device' | 'sign_out' | 'signing_out' | 'application';
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

const words = {
  device: ['onward.device', 'onward.device_lead'],
  sign_out: ['onward.sign_out', 'onward.sign_out_lead'],
  signing_out: ['onward.signing_out', 'onward.signing_out_lead'],
  application: ['onward.application', 'onward.application_lead'],
} as const satisfies Readonly<Record<OnwardPage['to'], readonly [title: PlainKey, lead: PlainKey]>>;

const script = 'document.forms[0].submit()';

/** Its script, as a CSP source expression: it submits the form of the page it stands on. */
export const onwardScript = scriptSource(script);

/** Goes on by itself where scripts run, and with a button where they do not. */
export function onwardPage({ to, action, fields, base, language, look }: OnwardPage): PageDocument {
  const { say } = language;
  const [heading, lead] = words[to];
  const title = say(heading);
  const content = html`<div class="card stack">
<div class="tight">
<h1>${title}</h1>
<p class="lead">${say(lead)} ${say('onward.otherwise')}</p>
</div>
<form method="post" action="${action}" class="stack">
${Object.entries(fields).map(([name, value]) => hidden(name, value))}
<button class="full">${say('page.continue')}</button>
</form>
</div>
<script>${script}</script>`;
  return layout({ title, content, base, language, look });
}
