import { ago, type Html, html, type Language } from '@curfew/pages';
import { encode } from 'uqr';
import { codeField } from './code-field.js';
import type { SecondStepSettings } from './second-step-model.js';

/** The authenticator app in the settings of a person who has just proved who they are. */
export function appSection(page: SecondStepSettings, form: (act: string, fields: Html) => Html): Html {
  const { app, proposed, language, problem } = page;
  const { say } = language;
  if (app)
    return html`<p class="quiet">${say('factor.app_since', { time: ago(language, app.since, page.now) })}</p>
${form('remove_app', html`<button class="ending compact">${say('factor.remove_app')}</button>`)}`;
  if (!proposed)
    return html`<p class="quiet">${say('factor.app_lead')}</p>
${form('begin', html`<button class="plain compact">${say('factor.begin')}</button>`)}`;
  const link = html`<a href="${proposed.uri}">${say('factor.scan_link')}</a>`;
  const key = html`<code class="key">${proposed.secret.match(/.{1,4}/g)!.join(' ')}</code>`;
  return html`<ol class="stack steps">
<li>${say('factor.scan', { link })}
<div class="qr">${drawQr(language, proposed.uri)}</div>
<p class="hint">${say('factor.type_key', { key })}</p></li>
<li>${say('factor.enter_code')}</li>
</ol>
${form(
  'confirm',
  html`${codeField(language, { isWrong: problem?.field === 'code', text: problem?.text, first: true })}
<button>${say('factor.confirm')}</button>`,
)}`;
}

/** A QR code as a drawing, with the quiet zone of four modules that readers need (ISO/IEC 18004 §5.3.8). */
function drawQr({ say }: Language, text: string): Html {
  const { size, data } = encode(text, { border: 4 });
  const path = data
    .flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x},${y}h1v1h-1z`] : [])))
    .join('');
  return html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="${say('factor.qr')}" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path d="${path}" fill="#000"/></svg>`;
}
