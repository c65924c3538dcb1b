import { type Html, type HtmlValue, html, type PageDocument } from '@curfew/pages';
import { layout, type PageModel } from './layout.js';

/** The content of the home page. */
export interface HomePage extends PageModel {
  readonly username: string;
  readonly sessionCount: number;
  readonly hasSecondStep: boolean;
  /** Whether there are other identity providers to sign in with. */
  readonly hasProviders: boolean;
}

/** Renders the home page of a person who signed in without an application. */
export function homePage(page: HomePage): PageDocument {
  const { base, language, sessionCount, hasSecondStep } = page;
  const { say } = language;
  const open =
    sessionCount === 0 ? say('home.sessions_none') : language.count('home.sessions_count', sessionCount);
  const cards = [
    card(page, 'sessions', {
      name: say('home.sessions'),
      lead: html`${open} ${say('home.sessions_lead')}`,
      link: say('home.sessions_link'),
    }),
    card(page, 'applications', {
      name: say('page.applications'),
      lead: say('home.applications_lead'),
      link: say('home.applications_link'),
    }),
    card(page, 'password', {
      name: say('page.password'),
      lead: say('home.password_lead'),
      link: say('home.password_link'),
    }),
    card(page, 'second-step', {
      name: say('page.second_step'),
      lead: say(hasSecondStep ? 'home.second_step_on' : 'home.second_step_off'),
      link: say(hasSecondStep ? 'home.second_step_see' : 'home.second_step_set_up'),
    }),
    card(page, 'mail', {
      name: say('page.mail'),
      lead: say('home.mail_lead'),
      link: say('home.mail_link'),
    }),
    ...(page.hasProviders ? [identitiesCard(page)] : []),
    card(page, 'device', {
      name: say('home.device'),
      lead: say('home.device_lead'),
      link: say('home.device_link'),
    }),
  ];
  const content = html`<div class="heading"><div class="tight">
<h1>${say('home.title')}</h1>
<p class="lead">${say('home.signed_in', { username: html`<strong>${page.username}</strong>` })}</p>
</div></div>
${cards}`;
  return layout({ title: say('home.title'), content, navigation: 'home', base, language, look: page.look });
}

const identitiesCard = (page: HomePage): Html => {
  const { say } = page.language;
  const [lead, link] = [say('home.identities_lead'), say('home.identities_link')];
  return card(page, 'identities', { name: say('identities.title'), lead, link });
};

interface Card {
  readonly name: HtmlValue;
  readonly lead: HtmlValue;
  readonly link: HtmlValue;
}

const card = (
  { base }: PageModel,
  place: string,
  { name, lead, link }: Card,
): Html => html`<section class="card stack" aria-labelledby="home-${place}">
<div class="tight"><h2 id="home-${place}">${name}</h2>
<p class="quiet">${lead}</p></div>
<p><a href="${base}/${place}">${link}</a></p>
</section>`;
