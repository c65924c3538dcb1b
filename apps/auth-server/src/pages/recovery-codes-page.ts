import { html, type PageDocument } from '@curfew/pages';
import { goodNotice, layout, type PageModel } from './layout.js';

/** The recovery codes, which are shown once. */
export interface RecoveryCodesPage extends PageModel {
  readonly codes: readonly string[];
  /** Whether the first factor was set up just now. */
  readonly isNew: boolean;
  /** The sign-in that asked for the factor, where one did. */
  readonly goOn?: string | undefined;
}

/** Shows new recovery codes. */
export function recoveryCodesPage({
  base,
  language,
  codes,
  isNew,
  goOn,
  look,
}: RecoveryCodesPage): PageDocument {
  const { say } = language;
  const title = say('recovery.title');
  const content = html`<div class="heading"><h1>${title}</h1></div>
<div class="card stack">
${isNew && goodNotice(say('factor.on'))}
<p>${say('recovery.lead')} ${say(isNew ? 'recovery.once' : 'recovery.once_renewed')}</p>
<ul class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
<p><a class="button" href="${goOn ?? `${base}/second-step`}">${say('recovery.kept')}</a></p>
</div>`;
  return layout({ title, content, navigation: 'second-step', base, language, look });
}
