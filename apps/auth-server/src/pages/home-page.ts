import { html } from './html.js';
import { layout, type PageModel } from './layout.js';

/** The content of the home page. */
export interface HomePage extends PageModel {
  readonly username: string;
  readonly sessionCount: number;
  readonly hasSecondStep: boolean;
}

/** Renders the home page of a person who signed in without an application. */
export function homePage(page: HomePage): string {
  const content = html`<div class="heading"><div class="tight">
<h1>Your account</h1>
<p class="lead">You are signed in as <strong>${page.username}</strong>.</p>
</div></div>
<section class="card stack" aria-labelledby="home-sessions">
<div class="tight"><h2 id="home-sessions">Your sessions</h2>
<p class="quiet">${page.sessionCount === 0 ? 'No application is signed in with your account.' : page.sessionCount === 1 ? 'One application is signed in with your account.' : html`There are ${page.sessionCount} sessions open with your account.`} See where you are signed in, and end anything you do not recognize.</p></div>
<p><a href="${page.base}/sessions">See your sessions</a></p>
</section>
<section class="card stack" aria-labelledby="home-applications">
<div class="tight"><h2 id="home-applications">Applications</h2>
<p class="quiet">See which applications can access your account, and remove any you no longer use.</p></div>
<p><a href="${page.base}/applications">See your applications</a></p>
</section>
<section class="card stack" aria-labelledby="home-password">
<div class="tight"><h2 id="home-password">Password</h2>
<p class="quiet">Change your password if someone else may know it. You can sign out everywhere else at the same time.</p></div>
<p><a href="${page.base}/password">Change your password</a></p>
</section>
<section class="card stack" aria-labelledby="home-second-step">
<div class="tight"><h2 id="home-second-step">Second step</h2>
<p class="quiet">${page.hasSecondStep ? 'Your sign-in is protected by an authenticator app.' : 'Protect your account with a code from an authenticator app, in case someone learns your password.'}</p></div>
<p><a href="${page.base}/second-step">${page.hasSecondStep ? 'See your second step' : 'Set up a second step'}</a></p>
</section>
<section class="card stack" aria-labelledby="home-device">
<div class="tight"><h2 id="home-device">Connect a device</h2>
<p class="quiet">Enter the code that a television or a command line shows you.</p></div>
<p><a href="${page.base}/device">Enter a code</a></p>
</section>`;
  return layout({ title: 'Your account', content, navigation: 'home', base: page.base });
}
