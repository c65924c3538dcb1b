import { UpstreamLogout, UpstreamPeople } from '../upstream/index.js';
import { AccountController } from './account.controller.js';
import { AssetsController } from './assets.controller.js';
import { BrowserMemory } from './browser-memory.js';
import { EnrolmentReturn } from './enrolment-return.js';
import { ForgottenPasswordController } from './forgotten-password.controller.js';
import { FormTokens } from './form-tokens.js';
import { FreshProofs } from './fresh-proofs.js';
import { IdentitiesController } from './identities.controller.js';
import { InteractionController } from './interaction.controller.js';
import { InteractionPages } from './interaction-pages.js';
import { LinkController } from './link.controller.js';
import { MailController } from './mail.controller.js';
import { Notices } from './notices.js';
import { OwnAccount } from './own-account.js';
import { OwnFactors } from './own-factors.js';
import { OwnPages } from './own-pages.js';
import { PasswordController } from './password.controller.js';
import { SecondStepController } from './second-step.controller.js';
import { SignInController } from './sign-in.controller.js';
import { SignIn } from './sign-in.js';
import { SignInFlow } from './sign-in-flow.js';
import { SignedIn } from './signed-in.js';
import { UpstreamController } from './upstream.controller.js';
import { UpstreamLogoutController } from './upstream-logout.controller.js';
import { UpstreamSignIn } from './upstream-sign-in.js';

export { seeOther } from './answer.js';
export { EnrolmentReturn } from './enrolment-return.js';
export { FormTokens } from './form-tokens.js';
export { type InstallationLook, readInstallationLook } from './installation-look.js';
export { InteractionPages } from './interaction-pages.js';
export { MailboxController } from './mailbox.controller.js';
export { Notices } from './notices.js';
export { OwnAccount, type OwnApplication, type OwnSession, type OwnSignIn } from './own-account.js';
export { PageErrorFilter, type PageErrorFilterParts } from './page-error.filter.js';
export { PageError } from './page-error.js';
export { PageLog } from './page-log.js';
export { PageSettings } from './page-settings.js';
export { PagesOfProtocol } from './protocol-pages.js';
export { type RefusalPlace, refuse } from './refusal.js';

/** Controllers of the pages for people; the application registers them without a global body parser. */
export const pageControllers = [
  InteractionController,
  SignInController,
  UpstreamController,
  UpstreamLogoutController,
  IdentitiesController,
  AccountController,
  PasswordController,
  SecondStepController,
  ForgottenPasswordController,
  LinkController,
  MailController,
  AssetsController,
];

/** Providers for the controllers, in addition to those of the foundation, Interactions, PageSettings and PageLog. */
export const pageProviders = [
  BrowserMemory,
  EnrolmentReturn,
  FormTokens,
  FreshProofs,
  InteractionPages,
  Notices,
  OwnAccount,
  OwnFactors,
  OwnPages,
  SignIn,
  SignInFlow,
  SignedIn,
  UpstreamLogout,
  UpstreamPeople,
  UpstreamSignIn,
];
