import { type SettingName, settingOf } from './policy.js';

/** A value of a setting as a person reads it, such as "two factors" for the name of an authentication context. */
export function valueWords(setting: SettingName, value: string): string {
  const { shape } = settingOf(setting);
  const words = shape.kind === 'choice' ? shape.words?.[value] : undefined;
  return words ?? value.replaceAll('_', ' ');
}
