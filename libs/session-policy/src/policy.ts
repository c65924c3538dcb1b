import { policySettings } from './policy-settings.js';
import type { Setting } from './setting.js';

type Table = typeof policySettings;

/** The name of a setting. */
export type SettingName = keyof Table;

/**
 * How long sessions live and what ends them: a value for each setting of the table `policySettings`. Attached to a client, a resource or
 * everyone; the strictest of those applies.
 */
export type SessionPolicy = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value> ? Value : never;
};

/** The settings that a written policy may leave out, because they came after the first release. */
export type OptionalSetting = {
  [Name in SettingName]: Table[Name] extends { readonly isOptional: true } ? Name : never;
}[SettingName];

/** The table, each entry with the type of its value. */
const settings: { readonly [Name in SettingName]: Setting<SessionPolicy[Name]> } = policySettings;

/** All that the table says of one setting. */
export const settingOf = <Name extends SettingName>(name: Name): Setting<SessionPolicy[Name]> =>
  settings[name];

/** Names of the settings of a policy, in the order they are documented. */
export const settingNames = Object.keys(policySettings) as readonly SettingName[];

/** A policy made setting by setting. */
export function policyOf(make: <Name extends SettingName>(name: Name) => SessionPolicy[Name]): SessionPolicy {
  const policy: { [Name in SettingName]?: unknown } = {};
  for (const name of settingNames) policy[name] = make(name);
  return policy as SessionPolicy;
}
