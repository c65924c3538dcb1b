import type { links as english } from '../en/links.js';
import type { Translated } from '../translated.js';

/** Pages of links that were sent by mail, and the page that asks for one. */
export const links: Translated<typeof english> = {
  'forgotten.title': 'Passwort vergessen',
  'forgotten.link': 'Passwort vergessen?',
  'forgotten.lead':
    'Geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein. Sie erhalten eine E-Mail mit einem Link, um ein neues Passwort zu wählen.',
  'forgotten.name': 'Benutzername oder E-Mail-Adresse',
  'forgotten.submit': 'Link senden',
  'forgotten.sent': 'Wenn es ein Konto mit diesem Namen gibt, ist eine E-Mail an seine Adresse unterwegs.',
  'forgotten.sent_hint':
    'Der Link darin gilt einmal und 20 Minuten lang. Sehen Sie auch im Spam-Ordner nach. Wenn keine E-Mail kommt, fragen Sie Ihre Administration, ob Ihr Konto eine bestätigte Adresse hat.',
  'forgotten.no_mail':
    'Dieser Dienst versendet keine E-Mails. Bitten Sie Ihre Administration um ein neues Passwort.',
  'forgotten.back': 'Zurück zur Anmeldung',
  'problem.name_missing': 'Geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein.',
  'link.choose_title': 'Passwort wählen',
  'link.choose_lead': 'Mit ihm melden Sie sich von nun an an.',
  'link.choose_submit': 'Dieses Passwort wählen',
  'link.reset_title': 'Neues Passwort wählen',
  'link.reset_lead': 'Alles, was mit Ihrem Konto angemeldet ist, wird abgemeldet.',
  'link.reset_submit': 'Passwort ändern',
  'link.email_title': 'Adresse bestätigen',
  'link.email_lead': 'Ist {subject} Ihre Adresse?',
  'link.email_submit': 'Ja, das ist meine Adresse',
  'link.not_me_title': 'Eine Anmeldung, die nicht von Ihnen war',
  'link.not_me_lead':
    'Alle Anwendungen und Browser, die als {subject} angemeldet sind, werden sofort abgemeldet, und das jetzige Passwort gilt nicht mehr. Danach wählen Sie ein neues.',
  'link.not_me_submit': 'Das war ich nicht: alles beenden',
  'link.password_done': 'Ihr Passwort ist gesetzt',
  'link.password_done_lead':
    'Mit Ihrem Konto ist nichts mehr angemeldet. Melden Sie sich mit dem neuen Passwort an.',
  'link.email_done': 'Ihre Adresse ist bestätigt',
  'link.to_account': 'Zu Ihrem Konto',
  'link.gone': 'Dieser Link gilt nicht mehr',
  'link.gone_lead': 'Er wurde verwendet oder ist älter als 20 Minuten.',
  'link.again': 'Neuen Link anfordern',
  'mailbox.title': 'Postfach',
  'mailbox.lead': 'In der Entwicklung wird nichts versendet: Die Briefe stehen hier.',
  'mailbox.none': 'Noch keine E-Mail.',
  'mailbox.to': 'An {address}, {ago}',
};
