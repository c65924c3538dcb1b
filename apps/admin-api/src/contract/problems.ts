import { AccountError, type AccountErrorCode, HashingOverloaded } from '@curfew/accounts';
import { RegistrationError, type RegistrationErrorCode } from '@curfew/clients';
import type { ReadFault } from '@curfew/config';
import { ReceiverError, type ReceiverFault } from '@curfew/events/delivery';
import { ProblemError, type ProblemFault } from '@curfew/web';
import { versionConflict } from './input.js';

const registrationStatus: Record<RegistrationErrorCode, number> = {
  invalid_client_metadata: 400,
  invalid_redirect_uri: 400,
  invalid_resource: 400,
  invalid_policy: 400,
  unknown_client: 404,
  unknown_client_host: 404,
  unknown_secret: 404,
  unknown_resource: 404,
  unknown_policy: 404,
  client_exists: 409,
  resource_exists: 409,
  resource_in_use: 409,
  policy_is_built_in: 409,
  version_conflict: 412,
  no_secret_in_use: 409,
};

const accountStatus: Record<AccountErrorCode, number> = {
  unknown_account: 404,
  username_taken: 409,
  username_invalid: 400,
  password_too_short: 400,
  password_too_long: 400,
  password_is_username: 400,
  password_too_common: 400,
  display_name_invalid: 400,
  email_invalid: 400,
  groups_invalid: 400,
  external_id_invalid: 400,
  email_missing: 409,
  email_taken: 409,
  password_is_set: 409,
  link_gone: 409,
  identity_taken: 409,
  too_many_identities: 409,
  authenticators_changed: 409,
};

const receiverStatus: Record<ReceiverFault, number> = {
  invalid_name: 400,
  invalid_address: 400,
  invalid_subject: 400,
  unknown_event_type: 400,
  unknown_receiver: 404,
  unknown_subject: 404,
  changed_meanwhile: 412,
  not_a_webhook: 409,
};

/** The beginning of a sentence that names the member it is about: `redirect_uris[0] must …`. */
const aboutMember = /^([A-Za-z]\w*(?:\[\d+\]|\.\w+)*) ((?:must|is|names|has|goes|needs|may)\b.+)$/s;

/** The wire's name of a member, which libraries may spell otherwise. */
const onWire = (member: string): string => member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Places a broken rule at the member of the body that its sentence names. Policies have theirs as they are written, so they stay whole. */
const faultOf =
  (code: RegistrationErrorCode) =>
  (sentence: string): ProblemFault => {
    const [, place = '', detail = sentence] =
      code === 'invalid_policy' ? [] : (aboutMember.exec(sentence) ?? []);
    const [member = '', ...below] = place.split(/[[\].]+/).filter((part) => part !== '');
    return member === ''
      ? { at: 'body', detail }
      : { at: ['body', onWire(member), ...below].join('/'), detail };
  };

/** Turns an error of a library into a problem; any other error is returned as it is. */
export function problemOf(error: unknown): unknown {
  if (error instanceof RegistrationError) {
    if (error.code === 'version_conflict') return versionConflict();
    const faults = error.violations.slice(0, 50).map(faultOf(error.code));
    return new ProblemError({
      status: registrationStatus[error.code],
      code: error.code,
      detail: error.message,
      ...(faults.length === 0 ? {} : { faults }),
    });
  }
  if (error instanceof AccountError) {
    const member = /^(?:username|password)(?=_)/.exec(error.code)?.[0];
    return new ProblemError({
      status: accountStatus[error.code],
      code: error.code,
      detail: error.message,
      ...(member === undefined ? {} : { faults: [{ at: `body/${member}`, detail: error.message }] }),
    });
  }
  if (error instanceof ReceiverError) {
    if (error.code === 'changed_meanwhile') return versionConflict();
    return new ProblemError({
      status: receiverStatus[error.code],
      code: error.code,
      detail: `${error.message}.`,
    });
  }
  if (error instanceof HashingOverloaded)
    return new ProblemError({
      status: 503,
      code: 'overloaded',
      detail: 'Too many passwords wait to be hashed.',
      retryAfter: 5,
    });
  return error;
}

/**
 * The faults of a registration, each at the member its sentence begins with; undefined for any other error. Libraries say
 * `redirect_uris[0] must …` and spell some members otherwise than the wire.
 */
export function memberFaults(error: unknown, sent: unknown): readonly ReadFault[] | undefined {
  if (!(error instanceof RegistrationError) || error.violations.length === 0) return undefined;
  const names = typeof sent === 'object' && sent !== null ? Object.keys(sent) : [];
  return error.violations.map((sentence) => {
    const [, place = '', detail = sentence] = /^([A-Za-z_]\w*(?:\[\d+\]|\.\w+)*) (.+)$/s.exec(sentence) ?? [];
    const [member = '', ...below] = place.split(/[[\].]+/).filter((part) => part !== '');
    const named = [member, onWire(member)].find((name) => names.includes(name));
    return named === undefined ? { path: [], detail: sentence } : { path: [named, ...below], detail };
  });
}

/** 404 for a thing that is named in the path. */
export const notFound = (code: string, detail: string): ProblemError =>
  new ProblemError({ status: 404, code, detail });
