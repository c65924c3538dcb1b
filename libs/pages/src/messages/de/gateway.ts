import type { Translated } from '../translated.js';

/** German: The gateway's own pages. */
export const gateway: Translated<typeof import('../en/gateway.js').gateway> = {
  'gateway.unknown': 'Diese Anmeldung ist vorbei',
  'gateway.unknown_lead': 'Diese Anmeldung wurde nicht in diesem Browser begonnen, oder sie ist vorbei.',
  'gateway.refused': 'Sie wurden nicht angemeldet',
  'gateway.refused_lead': 'Die Anmeldung wurde abgebrochen oder abgelehnt.',
  'gateway.second_step': 'Hier ist ein zweiter Schritt nötig',
  'gateway.second_step_lead': 'Dafür ist ein zweiter Schritt nötig, und Ihr Konto hat keinen.',
  'gateway.second_step_set_up': 'Zweiten Schritt einrichten',
  'gateway.failed': 'Die Anmeldung hat nicht geklappt',
  'gateway.failed_lead': 'Der Dienst, der Sie anmeldet, konnte die Anmeldung nicht abschließen.',
  'gateway.forgeable': 'Sie wurden nicht abgemeldet',
  'gateway.forgeable_lead': 'Diese Anfrage kommt möglicherweise von einer anderen Website.',
  'gateway.sign_out_failed': 'Die Abmeldung hat nicht geklappt',
  'gateway.sign_out_failed_lead': 'Sie sind noch angemeldet. Versuchen Sie es gleich noch einmal.',
  'gateway.again': 'Noch einmal versuchen',
};
