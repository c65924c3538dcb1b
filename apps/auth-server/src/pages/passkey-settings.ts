import { ago, type Html, html } from '@curfew/pages';
import { hidden } from './layout.js';
import { passkeyButton } from './passkey-script.js';
import type { PasskeyEntry, SecondStepSettings } from './second-step-model.js';

/** The most characters of the name of a passkey. */
export const maxPasskeyName = 60;

/** The passkeys in the settings of a person who has just proved who they are. */
export function passkeySection(page: SecondStepSettings, form: (act: string, fields: Html) => Html): Html {
  const { passkeys, passkey, language } = page;
  const { say } = language;
  const entry = (one: PasskeyEntry): Html => {
    const removal = html`${hidden('passkey', one.id)}<button class="ending compact" aria-label="${say('passkey.remove_named', { name: one.name })}">${say('passkey.remove')}</button>`;
    const used =
      one.lastUsedAt === null
        ? say('passkey.not_used_yet')
        : say('passkey.last_used', { time: ago(language, one.lastUsedAt, page.now) });
    return html`<li class="stack">
<div class="tight"><strong>${one.name}</strong>
<p class="quiet">${say('passkey.added', { time: ago(language, one.createdAt, page.now) })} ${used} ${say(one.isBackedUp ? 'passkey.backed_up' : 'passkey.one_device')}</p></div>
${form('remove_passkey', removal)}
</li>`;
  };
  const adding = html`<div class="field"><label for="name">${say('passkey.name')}</label>
<input id="name" name="name" type="text" autocomplete="off" maxlength="${maxPasskeyName}" required value="${say('passkey.name_offered', { number: passkeys.length + 1 })}"></div>
${passkeyButton(passkey, language, { label: 'passkey.add', plain: true })}
<noscript><p class="hint">${say('passkey.needs_script')}</p></noscript>`;
  return html`<p class="quiet">${say('passkey.lead')}</p>
${passkeys.length > 0 && html`<ul class="entries stack">${passkeys.map(entry)}</ul>`}
${passkey ? form('add_passkey', adding) : html`<p class="hint">${say('passkey.unavailable')}</p>`}`;
}
