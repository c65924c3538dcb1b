import { type Html, html, type Language } from '@curfew/pages';

interface CodeField {
  readonly isWrong: boolean;
  readonly text?: Html | undefined;
  readonly first?: boolean;
  /** Whether a recovery code is taken as well, or nothing else. */
  readonly or?: 'recovery' | 'only-recovery' | undefined;
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
