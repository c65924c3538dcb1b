/** The gateway's own pages. */
export const gateway = {
  'gateway.unknown': 'This sign-in is over',
  'gateway.unknown_lead': 'This sign-in was not begun in this browser, or is over.',
  'gateway.refused': 'You were not signed in',
  'gateway.refused_lead': 'Signing in was stopped or refused.',
  'gateway.second_step': 'A second step is needed',
  'gateway.second_step_lead': 'This needs a second step, and your account has none.',
  'gateway.second_step_set_up': 'Set up a second step',
  'gateway.failed': 'Signing in did not work',
  'gateway.failed_lead': 'The service that signs you in could not complete it.',
  'gateway.forgeable': 'You were not signed out',
  'gateway.forgeable_lead': 'This request may come from another site.',
  'gateway.sign_out_failed': 'Signing out did not work',
  'gateway.sign_out_failed_lead': 'You are still signed in. Try again in a moment.',
  'gateway.again': 'Try again',
} as const;
