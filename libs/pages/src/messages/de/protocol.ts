import type { Translated } from '../translated.js';

/** German: pages that answers of the protocol consist of: devices, sign-out, steps that go on by themselves, and refusals. */
export const protocol: Translated<typeof import('../en/protocol.js').protocol> = {
  'device.title': 'Gerät verbinden',
  'device.lead': 'Geben Sie den Code ein, den Ihr Gerät anzeigt.',
  'device.code': 'Code',
  'device.code_hint': 'Großbuchstaben und Bindestriche spielen keine Rolle.',
  'device.code_not_found': 'Dieser Code ist falsch. Prüfen Sie ihn und versuchen Sie es noch einmal.',
  'device.code_expired':
    'Dieser Code ist abgelaufen. Beginnen Sie auf Ihrem Gerät von vorn, um einen neuen zu erhalten.',
  'device.code_used':
    'Dieser Code wurde schon verwendet. Beginnen Sie auf Ihrem Gerät von vorn, um einen neuen zu erhalten.',
  'device.code_missing': 'Geben Sie den Code ein, den Ihr Gerät anzeigt.',
  'device.code_too_many_attempts':
    'Das waren zu viele Versuche. Warten Sie eine Weile und versuchen Sie es dann noch einmal.',
  'device.code_failed': 'Das hat nicht geklappt. Versuchen Sie es noch einmal.',
  'device.confirm_title': 'Ist das Ihr Gerät?',
  'device.confirm_lead':
    '{application} möchte sich mit Ihrem Konto anmelden. Das Gerät vor Ihnen muss genau diesen Code anzeigen:',
  'device.address': 'Adresse',
  'device.program': 'Programm',
  'device.warning':
    'Wenn Ihnen jemand diesen Code geschickt hat oder Sie kein Gerät sehen, das ihn anzeigt, machen Sie nicht weiter: Sonst wäre diese Person mit Ihrem Konto angemeldet.',
  'device.stop': 'Nein, abbrechen',
  'device.confirm': 'Ja, weiter',
  'device.stopped': 'Abgebrochen',
  'device.stopped_lead': 'Es wurde nichts verbunden. Sie können diese Seite schließen.',
  'device.another': 'Anderen Code eingeben',
  'device.done': 'Gerät verbunden',
  'device.done_application':
    '{application} ist angemeldet. Sie können diese Seite schließen und dorthin zurückkehren.',
  'device.done_lead':
    'Ihr Gerät ist angemeldet. Sie können diese Seite schließen und zum Gerät zurückkehren.',
  'device.end': 'Das können Sie jederzeit unter {sessions} beenden.',
  'device.end_sessions': '„Ihre Sitzungen“',
  'sign_out.title': 'Abmelden?',
  'sign_out.asked_by':
    '{application} möchte Sie abmelden. Sie können sich nur dort abmelden oder überall in diesem Browser. Anwendungen mit Offline-Zugriff bleiben verbunden.',
  'sign_out.lead':
    'Sie werden überall in diesem Browser abgemeldet. Anwendungen mit Offline-Zugriff bleiben verbunden.',
  'sign_out.of': 'Bei {application} abmelden',
  'sign_out.everywhere': 'Überall in diesem Browser abmelden',
  'sign_out.stay': 'Angemeldet bleiben',
  'sign_out.submit': 'Abmelden',
  'sign_out.done': 'Sie sind abgemeldet',
  'sign_out.done_lead': 'In diesem Browser ist nichts mehr angemeldet.',
  'sign_out.done_of': 'Sie sind bei {application} abgemeldet.',
  'sign_out.again': 'Wieder anmelden',
  'sign_out.stayed': 'Sie sind noch angemeldet',
  'sign_out.stayed_rest': 'Alles andere bleibt angemeldet.',
  'sign_out.stayed_lead': 'Sie wurden nirgends abgemeldet.',
  'sign_out.account': 'Zu Ihrem Konto',
  'onward.device': 'Gerät verbinden',
  'onward.device_lead': 'Der Link, dem Sie gefolgt sind, enthält den Code Ihres Geräts.',
  'onward.sign_out': 'Abmelden',
  'onward.sign_out_lead': 'In diesem Browser sind Sie nicht angemeldet.',
  'onward.signing_out': 'Abmelden',
  'onward.signing_out_lead': 'Die Anwendung meldet Sie in diesem Browser ab.',
  'onward.application': 'Zurück zur Anwendung',
  'onward.application_lead': 'Sie können zur Anwendung zurückkehren.',
  'onward.otherwise': 'Wenn nichts geschieht, wählen Sie „Weiter“.',
  'refusal.for_developer': 'Für die Entwicklung der Anwendung',
  'refusal.development_only': 'Das wird nur während der Entwicklung angezeigt.',
  'refusal.number': 'Wenn Sie um Hilfe bitten, nennen Sie diese Nummer: {number}',
  'refusal.client': 'Diese Anwendung ist hier nicht bekannt',
  'refusal.client_lead':
    'Der Link, dem Sie gefolgt sind, nennt keine Anwendung, die hier registriert ist. Wenden Sie sich an die Betreiber der Anwendung.',
  'refusal.return_address': 'Dieser Link kann Sie nicht zur Anwendung zurückbringen',
  'refusal.return_address_lead':
    'Die Anwendung ist hier registriert, aber die Rücksprungadresse in diesem Link gehört nicht zu ihr. Wenden Sie sich an die Betreiber der Anwendung.',
  'refusal.sign_out_address': 'Sie wurden nicht abgemeldet',
  'refusal.sign_out_address_lead':
    'Die Adresse, zu der die Anwendung Sie danach bringen wollte, ist nicht für sie registriert. Wenden Sie sich an die Betreiber der Anwendung. Abmelden können Sie sich auf Ihrer Kontoseite.',
  'refusal.sign_out_hint': 'Sie wurden nicht abgemeldet',
  'refusal.sign_out_hint_lead':
    'Die Anwendung hat nicht richtig angegeben, wer abgemeldet werden soll. Wenden Sie sich an die Betreiber der Anwendung. Abmelden können Sie sich auf Ihrer Kontoseite.',
  'refusal.request': 'Die Anfrage der Anwendung wurde nicht angenommen',
  'refusal.request_lead':
    'Darin fehlt etwas, oder etwas ist nicht erlaubt; ein neuer Versuch hilft deshalb nicht. Wenden Sie sich an die Betreiber der Anwendung.',
  'refusal.expired': 'Diese Seite ist abgelaufen',
  'refusal.expired_lead':
    'Die Anfrage wurde schon beantwortet, hat zu lange gedauert oder in einem anderen Browser begonnen. Gehen Sie zur Anwendung zurück und beginnen Sie von vorn.',
  'refusal.form': 'Dieses Formular wurde nicht angenommen',
  'refusal.form_lead':
    'Es kam nicht von der Seite, die wir Ihnen geschickt haben, oder diese Seite ist zu alt. Gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es noch einmal.',
  'refusal.form_unreadable': 'Dieses Formular ist nicht lesbar',
  'refusal.form_unreadable_lead':
    'Etwas darin ist beschädigt oder zu groß, oder diese Seite sendet solche Formulare nicht. Gehen Sie zurück und versuchen Sie es noch einmal.',
  'refusal.unreadable': 'Diese Anfrage ist nicht lesbar',
  'refusal.unreadable_lead': 'Etwas darin ist beschädigt. Gehen Sie zurück und versuchen Sie es noch einmal.',
  'refusal.nothing': 'Hier ist nichts',
  'refusal.nothing_lead': 'Vielleicht ist die Adresse falsch geschrieben, oder es gibt die Seite nicht mehr.',
  'refusal.method': 'Das geht hier nicht',
  'refusal.method_lead': 'Die Adresse gibt es, aber sie nimmt solche Anfragen nicht an.',
  'refusal.too_large': 'Das ist zu groß',
  'refusal.too_large_lead':
    'Die Anfrage ist größer, als dieser Dienst annimmt. Wenden Sie sich an die Betreiber der Anwendung.',
  'refusal.host': 'Falsche Adresse',
  'refusal.host_lead': 'Dieser Dienst antwortet unter einer anderen Adresse.',
  'refusal.denied': 'Der Zugriff wurde abgelehnt',
  'refusal.denied_lead': 'Es wurde nichts erlaubt. Sie können diese Seite schließen.',
  'refusal.wait': 'Das waren zu viele Versuche',
  'refusal.wait_lead':
    'Es wurde nichts geändert. Warten Sie eine Weile und versuchen Sie es dann noch einmal.',
  'refusal.unavailable': 'Wir können gerade nicht antworten',
  'refusal.unavailable_lead': 'Es wurde nichts geändert. Versuchen Sie es in ein paar Sekunden noch einmal.',
  'refusal.fault': 'Etwas ist schiefgegangen',
  'refusal.fault_lead':
    'Der Fehler liegt bei uns, nicht bei Ihnen. Es wurde nichts geändert; versuchen Sie es gleich noch einmal.',
};
