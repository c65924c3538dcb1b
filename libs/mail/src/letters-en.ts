import type { Letters, ToldChange } from './letter-words.js';
import type { MailFacts } from './mail.js';

const signed = (service: string): string => `\n-- \n${service}\n`;

const onceWithin = 'The link works once, for 20 minutes.';

const written = (at: unknown): string =>
  `${new Date(Number(at)).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const placeIn = ({ browser, system, ip, country }: MailFacts): string => {
  const device = [browser, system].filter(Boolean).join(' on ') || 'an unknown device';
  const from = [ip, country].filter(Boolean).join(', ');
  return from === '' ? device : `${device}, from ${from}`;
};

/** The changes of an account in words. */
const changeWords: Readonly<Record<ToldChange, string>> = {
  password_changed: 'the password was changed',
  second_factor_added: 'a second factor was set up',
  second_factor_removed: 'the second factors were removed',
  passkey_added: 'a passkey was added',
  passkey_removed: 'a passkey was removed',
  security_key_added: 'a passkey on a security key was added',
  security_key_removed: 'a passkey on a security key was removed',
  second_step_changed: 'the second step is asked for in other places',
  recovery_codes_renewed: 'new recovery codes were made',
  browser_remembered: 'a browser was remembered, in which no second step is asked for,',
  identity_linked: 'a sign-in with another identity provider was linked',
  identity_unlinked: 'the link to a sign-in with another identity provider was removed',
  identity_allowed:
    'a sign-in with another identity provider that had been removed was allowed to be linked again by its address of email',
  recovery_code_used: 'a recovery code was used to sign in',
};

/** Letters in English. */
export const englishLetters: Letters = {
  invitation: ({ name, username, service, link }) => ({
    subject: `Your account at ${service}`,
    text: `Hello ${name},

there is an account for you at ${service}. Your username is ${username}.

Choose your password here:
${link}

${onceWithin} If it has expired, use "Forgot your password?" on the sign-in page: you get another one.
${signed(service)}`,
  }),

  reset: ({ name, username, service, link }) => ({
    subject: `Choose a new password at ${service}`,
    text: `Hello ${name},

somebody asked for a new password for your account ${username} at ${service}. If it was you, choose one here:
${link}

${onceWithin} When you choose a new password, everything that is signed in with your account is signed out.

If it was not you, do nothing: your password stays as it is.
${signed(service)}`,
  }),

  verification: ({ name, username, service, link }) => ({
    subject: `Confirm your address at ${service}`,
    text: `Hello ${name},

this address was entered for the account ${username} at ${service}. If the account is yours, confirm it here:
${link}

${onceWithin} If the account is not yours, do nothing.
${signed(service)}`,
  }),

  newSignIn: (facts, { name, username, service, link }) => ({
    subject: `New sign-in from ${[facts['browser'], facts['system']].filter(Boolean).join(' on ') || 'an unknown device'}`,
    text: `Hello ${name},

your account ${username} at ${service} was signed in to on ${written(facts['at'])}: ${placeIn(facts)}.

If it was you, there is nothing to do.

If it was not you, end everything that is signed in with your account, and choose a new password:
${link}

${onceWithin} After that, use "Forgot your password?" on the sign-in page: a new password ends everything as well.
${signed(service)}`,
  }),

  emailChange: ({ name, username, service, link }) => ({
    subject: `Confirm your new address at ${service}`,
    text: `Hello ${name},

this is to become the address of the account ${username} at ${service}. If the account is yours, confirm it here:
${link}

${onceWithin} If the account is not yours, do nothing.
${signed(service)}`,
  }),

  emailChangeAsked: (facts, { name, username, service, link }, mayAct) => ({
    subject: `Another address was asked for at ${service}`,
    text: `Hello ${name},

on ${written(facts['at'])} somebody who is signed in to your account ${username} at ${service} asked for another address of email. It is changed when the new one is confirmed.

If it was you, there is nothing to do here.

${
  mayAct
    ? `If it was not you, end everything that is signed in with your account, and choose a new password, while mail still comes to you:
${link}

${onceWithin}`
    : 'If it was not you, somebody knows your password: change it now if you can sign in, and tell your administrator at once.'
}
${signed(service)}`,
  }),

  emailChanged: (facts, { name, username, service }) => ({
    subject: `Your address at ${service} was changed`,
    text: `Hello ${name},

since ${written(facts['at'])} the account ${username} at ${service} has another address of email. This is the last mail about it to this one.

If it was not you, tell your administrator at once.
${signed(service)}`,
  }),

  securityChange: (facts, { name, username, service, link }) => ({
    subject: `Your account at ${service} was changed`,
    text: `Hello ${name},

on ${written(facts['at'])} ${(changeWords as Readonly<Record<string, string>>)[String(facts['change'])] ?? 'a setting of the sign-in was changed'} at your account ${username} at ${service}.

If it was you, there is nothing to do. If it was not you, choose a new password, which ends everything that is signed in:
${link}
${signed(service)}`,
  }),
};
