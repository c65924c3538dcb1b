import type { Letters, ToldChange } from './letter-words.js';
import type { MailFacts } from './mail.js';

const signed = (service: string): string => `\n-- \n${service}\n`;

const onceWithin = 'Der Link gilt einmal und 20 Minuten lang.';

const written = (at: unknown): string => {
  const [date = '', time = ''] = new Date(Number(at)).toISOString().split('T', 2);
  return `${date.split('-').reverse().join('.')} um ${time.slice(0, 5)} Uhr UTC`;
};

const deviceIn = ({ browser, system }: MailFacts): string =>
  [browser, system].filter(Boolean).join(' unter ') || 'einem unbekannten Gerät';

const placeIn = (facts: MailFacts): string => {
  const from = [facts['ip'], facts['country']].filter(Boolean).join(', ');
  return from === '' ? deviceIn(facts) : `${deviceIn(facts)}, von ${from}`;
};

/** The changes of an account in words. */
const changeWords: Readonly<Record<ToldChange, string>> = {
  password_changed: 'wurde das Passwort geändert',
  second_factor_added: 'wurde ein zweiter Faktor eingerichtet',
  second_factor_removed: 'wurden die zweiten Faktoren entfernt',
  passkey_added: 'wurde ein Passkey hinzugefügt',
  passkey_removed: 'wurde ein Passkey entfernt',
  security_key_added: 'wurde ein Passkey auf einem Sicherheitsschlüssel hinzugefügt',
  security_key_removed: 'wurde ein Passkey auf einem Sicherheitsschlüssel entfernt',
  second_step_changed: 'wurde geändert, wo der zweite Schritt verlangt wird',
  recovery_codes_renewed: 'wurden neue Wiederherstellungscodes erzeugt',
  browser_remembered: 'wurde ein Browser gemerkt, in dem kein zweiter Schritt verlangt wird',
  identity_linked: 'wurde eine Anmeldung bei einem anderen Anbieter verknüpft',
  identity_unlinked: 'wurde die Verknüpfung mit einer Anmeldung bei einem anderen Anbieter entfernt',
  identity_allowed:
    'wurde einer entfernten Anmeldung bei einem anderen Anbieter erlaubt, sich über ihre E-Mail-Adresse wieder zu verknüpfen',
  recovery_code_used: 'wurde ein Wiederherstellungscode zur Anmeldung benutzt',
};

/** Letters in German. */
export const germanLetters: Letters = {
  invitation: ({ name, username, service, link }) => ({
    subject: `Ihr Konto bei ${service}`,
    text: `Guten Tag ${name},

bei ${service} gibt es ein Konto für Sie. Ihr Benutzername ist ${username}.

Wählen Sie hier Ihr Passwort:
${link}

${onceWithin} Ist er abgelaufen, hilft „Passwort vergessen?“ auf der Anmeldeseite: Sie bekommen einen neuen.
${signed(service)}`,
  }),

  reset: ({ name, username, service, link }) => ({
    subject: `Neues Passwort für ${service}`,
    text: `Guten Tag ${name},

jemand hat ein neues Passwort für Ihr Konto ${username} bei ${service} angefordert. Wenn Sie das waren, wählen Sie es hier:
${link}

${onceWithin} Wenn Sie ein neues Passwort wählen, wird alles abgemeldet, was mit Ihrem Konto angemeldet ist.

Wenn Sie es nicht waren, müssen Sie nichts tun: Ihr Passwort bleibt, wie es ist.
${signed(service)}`,
  }),

  verification: ({ name, username, service, link }) => ({
    subject: `Bestätigen Sie Ihre Adresse bei ${service}`,
    text: `Guten Tag ${name},

diese Adresse wurde für das Konto ${username} bei ${service} eingetragen. Wenn es Ihr Konto ist, bestätigen Sie sie hier:
${link}

${onceWithin} Wenn es nicht Ihr Konto ist, müssen Sie nichts tun.
${signed(service)}`,
  }),

  newSignIn: (facts, { name, username, service, link }) => ({
    subject: `Neue Anmeldung von ${deviceIn(facts)}`,
    text: `Guten Tag ${name},

bei Ihrem Konto ${username} bei ${service} gab es am ${written(facts['at'])} eine Anmeldung von ${placeIn(facts)}.

Wenn Sie das waren, müssen Sie nichts tun.

Wenn Sie es nicht waren, beenden Sie alles, was mit Ihrem Konto angemeldet ist, und wählen Sie ein neues Passwort:
${link}

${onceWithin} Danach hilft „Passwort vergessen?“ auf der Anmeldeseite: Auch ein neues Passwort beendet alles.
${signed(service)}`,
  }),

  emailChange: ({ name, username, service, link }) => ({
    subject: `Bestätigen Sie Ihre neue Adresse bei ${service}`,
    text: `Guten Tag ${name},

dies soll die Adresse des Kontos ${username} bei ${service} werden. Wenn es Ihr Konto ist, bestätigen Sie sie hier:
${link}

${onceWithin} Wenn es nicht Ihr Konto ist, müssen Sie nichts tun.
${signed(service)}`,
  }),

  emailChangeAsked: (facts, { name, username, service, link }, mayAct) => ({
    subject: `Bei ${service} wurde eine andere Adresse angefordert`,
    text: `Guten Tag ${name},

am ${written(facts['at'])} hat jemand, der mit Ihrem Konto ${username} bei ${service} angemeldet ist, eine andere E-Mail-Adresse angefordert. Sie wird geändert, sobald die neue bestätigt ist.

Wenn Sie das waren, müssen Sie hier nichts tun.

${
  mayAct
    ? `Wenn Sie es nicht waren, beenden Sie alles, was mit Ihrem Konto angemeldet ist, und wählen Sie ein neues Passwort, solange Sie noch E-Mails bekommen:
${link}

${onceWithin}`
    : 'Wenn Sie es nicht waren, kennt jemand Ihr Passwort: Ändern Sie es jetzt, wenn Sie sich anmelden können, und sagen Sie es sofort Ihrer Administration.'
}
${signed(service)}`,
  }),

  emailChanged: (facts, { name, username, service }) => ({
    subject: `Ihre Adresse bei ${service} wurde geändert`,
    text: `Guten Tag ${name},

seit dem ${written(facts['at'])} hat das Konto ${username} bei ${service} eine andere E-Mail-Adresse. Dies ist die letzte E-Mail dazu an diese.

Wenn Sie das nicht waren, sagen Sie es sofort Ihrer Administration.
${signed(service)}`,
  }),

  securityChange: (facts, { name, username, service, link }) => ({
    subject: `Ihr Konto bei ${service} wurde geändert`,
    text: `Guten Tag ${name},

am ${written(facts['at'])} ${(changeWords as Readonly<Record<string, string>>)[String(facts['change'])] ?? 'wurde eine Einstellung der Anmeldung geändert'}: bei Ihrem Konto ${username} bei ${service}.

Wenn Sie das waren, müssen Sie nichts tun. Wenn Sie es nicht waren, wählen Sie ein neues Passwort; das beendet alles, was angemeldet ist:
${link}
${signed(service)}`,
  }),
};
