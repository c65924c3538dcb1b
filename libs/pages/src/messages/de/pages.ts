import type { Translated } from '../translated.js';

/** German: sentences that stand on every page, or on several. Lengths of time are in the dative: “vor 2 Tagen”, “in 2 Tagen”. */
export const pages: Translated<typeof import('../en/pages.js').pages> = {
  'page.error': 'Fehler: {title}',
  'page.skip': 'Zum Inhalt springen',
  'page.navigation': 'Ihr Konto',
  'page.account': 'Konto',
  'page.sessions': 'Sitzungen',
  'page.applications': 'Anwendungen',
  'page.password': 'Passwort',
  'page.mail': 'E-Mail',
  'page.second_step': 'Zweiter Schritt',
  'page.sign_out': 'Abmelden',
  'page.continue': 'Weiter',
  'page.cancel': 'Abbrechen und zurück',
  'field.username': 'Benutzername',
  'field.password': 'Passwort',
  'field.current_password': 'Aktuelles Passwort',
  'field.new_password': 'Neues Passwort',
  'field.repeat_password': 'Neues Passwort wiederholen',
  'field.new_password_hint':
    'Mindestens {length} Zeichen. Ein paar Wörter hintereinander sind leicht zu merken und schwer zu erraten.',
  'field.show_password': 'Passwort anzeigen',
  'field.recovery_code': 'Wiederherstellungscode',
  'field.recovery_code_hint':
    'Wenn Sie Ihren Passkey nicht mehr haben, geben Sie einen Ihrer Wiederherstellungscodes ein.',
  'field.code': 'Code aus Ihrer App',
  'field.code_hint':
    'Sechs Ziffern. Wenn Sie die App nicht mehr haben, geben Sie einen Ihrer Wiederherstellungscodes ein.',
  'time.now': 'gerade eben',
  'time.ago': 'vor {length}',
  'time.ahead': 'in {length}',
  'time.moment': 'weniger als einer Minute',
  'time.minutes.one': '{count} Minute',
  'time.minutes.other': '{count} Minuten',
  'time.hours.one': '{count} Stunde',
  'time.hours.other': '{count} Stunden',
  'time.days.one': '{count} Tag',
  'time.days.other': '{count} Tagen',
};
