import { milliseconds } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { Account, SecondFactor } from './account.js';

/** The columns of an account, in the order of `HotAccountRow`; instants go as numbers, which the driver reads quickest. */
export const accountColumns = (table: string): string => `${table}.id::text AS id, ${table}.username,
  ${milliseconds(`${table}.password_changed_at`)} AS password_changed_at, ${table}.must_change_password,
  ${milliseconds(`${table}.disabled_at`)} AS disabled_at, ${table}.first_run,
  ${milliseconds(`${table}.created_at`)} AS created_at, ${table}.second_factors, ${table}.second_step_always`;

/** The number of these columns. */
export const accountWidth = 9;

/** An account as a hot statement finds it. */
export type HotAccountRow = [
  id: string,
  username: string,
  passwordChangedAt: number,
  mustChangePassword: boolean,
  disabledAt: number | null,
  firstRun: boolean,
  createdAt: number,
  secondFactors: SecondFactor[],
  secondStepAlways: boolean,
];

const moment = (value: number): Instant => instant(Math.round(value));

/** The account in such a row. */
export const hotAccount = (row: HotAccountRow | [...HotAccountRow, ...unknown[]]): Account => ({
  id: row[0],
  username: row[1],
  passwordChangedAt: moment(row[2]),
  mustChangePassword: row[3],
  disabledAt: row[4] === null ? null : moment(row[4]),
  firstRun: row[5],
  createdAt: moment(row[6]),
  secondFactors: row[7],
  secondStepAlways: row[8],
});

/** An account and what its password is compared with. */
export interface FoundForSignIn {
  readonly account: Account;
  readonly passwordHash: string;
}

/** The columns of such an account. */
export const signInColumns = (table: string): string => `${accountColumns(table)}, ${table}.password_hash`;

/** The row of an account as read at a sign-in. */
export type SignInRow = [...HotAccountRow, passwordHash: string];

/** The account in such a row, or null where a join found none. */
export const foundForSignIn = (
  row: SignInRow | [...SignInRow, ...unknown[]] | undefined,
): FoundForSignIn | null =>
  row && row[0] !== null
    ? {
        account: hotAccount(row),
        passwordHash: row[accountWidth] as string,
      }
    : null;

/**
 * Whether this text can be the id of an account. An id has one spelling, as in RFC 7643 §3.1: ends and events are found by their text, so
 * another spelling of it must find no account.
 */
export const isUuid = (id: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
