import type { SecondFactor } from '@curfew/accounts';
import { type Html, html, type Language } from '@curfew/pages';

/** Whether a recovery code is taken beside a code of the app, or alone. */
export type CodeTaken = 'recovery' | 'only-recovery';

/** The code that goes with the password where a person proves anew who they are: a code of the app is none where there is a passkey (ADR 108). */
export const codeOfProof = (factors: readonly SecondFactor[]): CodeTaken | false =>
  factors.length > 0 && (factors.includes('passkey') ? 'only-recovery' : 'recovery');

interface CodeField {
  readonly isWrong: boolean;
  readonly text?: Html | undefined;
  readonly first?: boolean;
  readonly or?: CodeTaken | undefined;
}

/** The field for a code of the authenticator app, or for a recovery code. */
export function codeField({ say }: Language, { isWrong, text, first, or }: CodeField): Html {
  const described = [or && 'code-hint', isWrong && (text ? 'code-problem' : 'problem')]
    .filter(Boolean)
    .join(' ');
  return html`<div class="field"><label for="code">${say(or === 'only-recovery' ? 'field.recovery_code' : 'field.code')}</label>
${or && html`<p class="hint" id="code-hint">${say(or === 'recovery' ? 'field.code_hint' : 'field.recovery_code_hint')}</p>`}
${isWrong && text && html`<p class="problem" id="code-problem" role="alert">${text}</p>`}
<input id="code" name="code" type="text"${!or && html` inputmode="numeric"`} autocomplete="one-time-code" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="32" required data-instead${described !== '' && html` aria-describedby="${described}"`}${isWrong && html` aria-invalid="true"`}${first && html` autofocus`}></div>`;
}
