import {
  type DocumentParts,
  type Html,
  type HtmlValue,
  html,
  type PageDocument,
  type PageModel,
  type PlainKey,
  pageDocument,
} from '@curfew/pages';

export type { PageModel };

export interface Layout extends Omit<DocumentParts, 'navigation'> {
  /** Pages of a signed-in person are wider and carry the navigation. */
  readonly navigation?: Place | undefined;
}

/** The places a signed-in person can go; the current one is marked. */
export type Place = 'home' | 'sessions' | 'applications' | 'password' | 'second-step' | 'mail';

const places: readonly { place: Place; path: string; name: PlainKey }[] = [
  { place: 'home', path: '/', name: 'page.account' },
  { place: 'sessions', path: '/sessions', name: 'page.sessions' },
  { place: 'applications', path: '/applications', name: 'page.applications' },
  { place: 'password', path: '/password', name: 'page.password' },
  { place: 'second-step', path: '/second-step', name: 'page.second_step' },
  { place: 'mail', path: '/mail', name: 'page.mail' },
];

/** A whole document around the content of one page, with the navigation of a signed-in person where it has a place. */
export const layout = ({ navigation, ...parts }: Layout): PageDocument =>
  pageDocument({ ...parts, navigation: navigation && navigationBar(navigation, parts) });

function navigationBar(current: Place, { base, language: { say } }: PageModel): Html {
  const link = ({ place, path, name }: (typeof places)[number]): Html =>
    html`<li><a href="${base}${path}"${place === current && html` aria-current="page"`}>${say(name)}</a></li>`;
  return html`<nav aria-label="${say('page.navigation')}"><ul>
${places.map(link)}
<li><a href="${base}/logout">${say('page.sign_out')}</a></li>
</ul></nav>`;
}

/** The logo of the application, beside whose name it says nothing more. */
export const logoOf = ({ base, look }: PageModel): Html | undefined =>
  look?.logo ? html`<img class="logo" src="${base}${look.logo}" alt="">` : undefined;

/** A fault, said where it is seen first; `alert` makes assistive technology read it out. */
export const problemNotice = (text: HtmlValue): Html =>
  html`<p class="notice bad" role="alert" id="problem">${text}</p>`;

/** Something that went well. */
export const goodNotice = (text: HtmlValue): Html => html`<p class="notice good" role="status">${text}</p>`;

/** A field no one sees that must come back with the form. */
export const hidden = (name: string, value: string): Html =>
  html`<input type="hidden" name="${name}" value="${value}">`;
