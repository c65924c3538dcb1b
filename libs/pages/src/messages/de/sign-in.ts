import type { Translated } from '../translated.js';

/** German: signing in, the second step of it, a password that is due, and consent. */
export const signIn: Translated<typeof import('../en/sign-in.js').signIn> = {
  'sign_in.title': 'Anmelden',
  'sign_in.for': 'und weiter zu {application}',
  'sign_in.remember': 'Angemeldet bleiben, wenn ich den Browser schließe',
  'sign_in.remember_hint':
    'Ihre Anmeldung endet trotzdem zur selben Zeit. Lassen Sie das auf einem gemeinsam genutzten Computer aus.',
  'sign_in.submit': 'Anmelden',
  'sign_in.choose_account':
    'Die Anwendung fragt, welches Konto Sie verwenden möchten. Melden Sie sich mit diesem Konto an.',
  'sign_in.confirm_person':
    'Die Anwendung bittet Sie, sich noch einmal anzumelden, damit sicher ist, dass Sie es sind.',
  'sign_in.or': 'oder',
  'sign_in.with': 'Mit {name} anmelden',
  'second_step.title': 'Zweiter Schritt',
  'second_step.needed': 'Dafür genügt Ihr Passwort allein nicht.',
  'second_step.passkey_needed': 'Dafür ist einer Ihrer Passkeys nötig.',
  'second_step.lost': 'Wenn Sie Ihre Passkeys nicht mehr haben, {link}, mit einem Wiederherstellungscode.',
  'second_step.lost_link': 'entfernen Sie sie aus Ihrem Konto',
  'second_step.trust.one': '{count} Tag lang in diesem Browser nicht fragen',
  'second_step.trust.other': '{count} Tage lang in diesem Browser nicht fragen',
  'second_step.trust_hint':
    'Nur an einem Computer, der Ihnen gehört. Eine Anwendung, die einen zweiten Schritt verlangt, fragt trotzdem.',
  'enrol.title': 'Zweiten Schritt einrichten',
  'enrol.offer':
    'Schützen Sie Ihr Konto mit einem Passkey oder einer Authenticator-App. Sie können es später tun: {time} wird es nötig.',
  'enrol.demand':
    'Ihr Passwort allein genügt hier nicht zur Anmeldung. Richten Sie einen zweiten Schritt ein, um fortzufahren.',
  'enrol.demand_passkey':
    'Dafür brauchen Sie einen Passkey, und Ihr Konto hat keinen. Fügen Sie einen hinzu, um fortzufahren.',
  'enrol.how': 'Sie zeigen noch einmal, dass Sie es sind, und kommen danach hierher zurück.',
  'enrol.set_up': 'Jetzt einrichten',
  'enrol.later': 'Später',
  'enrol.done': 'Ihr zweiter Schritt ist eingerichtet.',
  'enrol.go_on': 'Anmeldung fortsetzen',
  'passkey.use': 'Passkey verwenden',
  'passkey.not_used':
    'Es wurde kein Passkey verwendet. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.',
  'problem.passkey_wrong':
    'Dieser Passkey wurde nicht angenommen. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.',
  'problem.passkey_stale':
    'Diese Seite war zu lange offen oder wurde zweimal gesendet. Verwenden Sie Ihren Passkey noch einmal.',
  'problem.passkey_name_missing': 'Geben Sie dem Passkey einen Namen mit höchstens 60 Zeichen.',
  'problem.too_many_passkeys':
    'Dieses Konto hat so viele Passkeys, wie es haben kann. Entfernen Sie zuerst einen.',
  'new_password.title': 'Neues Passwort wählen',
  'new_password.lead':
    'Bevor es weitergeht, brauchen Sie ein neues Passwort. Jede Sitzung, die mit dem alten begonnen hat, endet.',
  'new_password.submit': 'Ändern und weiter',
  'problem.credentials_missing': 'Geben Sie Ihren Benutzernamen und Ihr Passwort ein.',
  'problem.credentials_wrong': 'Benutzername oder Passwort ist falsch.',
  'problem.current_password_wrong': 'Das ist nicht Ihr aktuelles Passwort.',
  'problem.repeat_differs': 'Die beiden neuen Passwörter stimmen nicht überein.',
  'problem.code_wrong': 'Dieser Code gilt nicht. Jeder Code gilt nur einmal; warten Sie auf den nächsten.',
  'problem.took_too_long': 'Das hat zu lange gedauert. Melden Sie sich noch einmal an.',
  'problem.upstream_failed':
    'Die Anmeldung dort ist nicht gelungen. Versuchen Sie es erneut, oder melden Sie sich anders an.',
  'problem.upstream_denied':
    'Sie wurden dort nicht angemeldet. Versuchen Sie es erneut, oder melden Sie sich anders an.',
  'problem.upstream_unknown':
    'Diese Anmeldung gehört zu keinem Konto hier. Melden Sie sich anders an, oder fragen Sie Ihre Administration.',
  'problem.identity_taken': 'Diese Anmeldung gehört zu einem anderen Konto hier.',
  'problem.too_many_identities':
    'Ihr Konto ist mit so vielen anderen Anmeldungen verknüpft, wie es sein darf.',
  'problem.authenticators_changed':
    'Ihr Passwort oder Ihr zweiter Schritt wurde inzwischen geändert. Zeigen Sie noch einmal, dass Sie es sind.',
  'problem.throttled': 'Das waren zu viele Versuche. Versuchen Sie es in {length} noch einmal.',
  'problem.overloaded': 'Der Dienst ist ausgelastet. Versuchen Sie es in ein paar Sekunden noch einmal.',
  'problem.password_too_short': 'Verwenden Sie mindestens {length} Zeichen.',
  'problem.password_too_long': 'Dieses Passwort ist zu lang.',
  'problem.password_is_username': 'Das Passwort darf nicht Ihr Benutzername sein.',
  'problem.password_too_common': 'Dieses Passwort ist zu verbreitet. Wählen Sie ein anderes.',
  'problem.password_not_changed': 'Das Passwort konnte nicht geändert werden.',
  'consent.title': '{application} erlauben?',
  'consent.asks': '{application} bittet um Zugriff auf Ihr Konto.',
  'consent.asks_of': '{application} bittet um Zugriff auf Ihr Konto {username}.',
  'consent.about_you': 'Über Sie darf die Anwendung',
  'consent.at': 'Bei {api} darf die Anwendung',
  'consent.claim': 'Angabe sehen: {claim}',
  'consent.before': '(schon erlaubt)',
  'consent.returns':
    'Danach geht es zurück zu {host}. Wenn Sie nicht von dort kommen, wählen Sie „Ablehnen“.',
  'consent.introduced':
    'Diese Anwendung stellt sich durch ein Dokument von {host} vor. Niemand hier hat ihren Namen geprüft.',
  'consent.answer_goes_to': 'Die Antwort geht an {address}.',
  'consent.this_device':
    'Die Antwort geht an ein Programm auf Ihrem eigenen Gerät, und jedes Programm dort kann sich als diese Anwendung ausgeben. Erlauben Sie es nur, wenn Sie sie gerade selbst gestartet haben.',
  'consent.deny': 'Ablehnen',
  'consent.allow': 'Erlauben',
  'scope.openid': 'Sie wiedererkennen',
  'scope.profile': 'Ihren Namen und Benutzernamen sehen',
  'scope.email': 'Ihre E-Mail-Adresse sehen, falls Sie sich damit anmelden',
  'scope.address': 'Ihre Postanschrift sehen',
  'scope.phone': 'Ihre Telefonnummer sehen',
  'scope.groups': 'Sehen, zu welchen Gruppen Sie gehören',
  'scope.offline_access':
    'Verbunden bleiben, während Sie weg sind, bis die Sitzung endet oder Sie sie beenden',
  'scope.see': '{things}: ansehen',
  'scope.write': '{things}: hinzufügen und ändern',
  'scope.add': '{things}: hinzufügen',
  'scope.change': '{things}: ändern',
  'scope.delete': '{things}: löschen',
  'scope.end': '{things}: beenden',
  'scope.rotate': '{things}: erneuern',
  'scope.manage': '{things}: verwalten',
  'scope.administer': '{things}: administrieren',
};
