/** The appearances a person can choose; `auto` follows the system. */
export const themes = ['auto', 'light', 'dark'] as const;

/** One of the appearances. */
export type Theme = (typeof themes)[number];

const key = 'curfew-console-theme';

/** The appearance that was chosen in this browser. */
export function chosenTheme(): Theme {
  const kept = window.localStorage.getItem(key);
  return themes.find((theme) => theme === kept) ?? 'auto';
}

/** Applies an appearance, and keeps it for the next visit. */
export function applyTheme(theme: Theme = chosenTheme()): void {
  window.localStorage.setItem(key, theme);
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
