const paths = {
  emblem: 'M20.5 14.2A8.8 8.8 0 1 1 9.8 3.5a7 7 0 0 0 10.7 10.7Z M16.5 3v4h3.2',
  now: 'M3 12h4l3-8 4 16 3-8h4',
  sessions: 'M4 5h16v11H4z M9 20h6 M12 16v4',
  policies: 'M12 3l8 3v6c0 4.5-3.4 8-8 9-4.6-1-8-4.5-8-9V6z M9 12l2 2 4-4',
  insight: 'M4 4v16h16 M7 15l4-5 3 3 5-7',
  applications: 'M4 4h7v7H4z M13 4h7v7h-7z M4 13h7v7H4z M13 13h7v7h-7z',
  apis: 'M4 12h5 M15 6h5 M15 18h5 M9 12l6-6 M9 12l6 6',
  search: 'M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14z M20 20l-4-4',
  close: 'M6 6l12 12 M18 6L6 18',
  back: 'M15 5l-7 7 7 7',
  download: 'M12 4v11 M7 11l5 5 5-5 M5 20h14',
  refresh: 'M20 12a8 8 0 1 1-2.3-5.7 M20 4v4h-4',
  person: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8z M4 21c0-4 3.6-6 8-6s8 2 8 6',
  pause: 'M8 5v14 M16 5v14',
  play: 'M7 5l12 7-12 7z',
  compliance: 'M6 3h9l4 4v14H6z M9 13l2 2 4-4',
  system: 'M4 5h16v6H4z M4 13h16v6H4z M8 8h.01 M8 16h.01',
  events: 'M5 6h14 M5 12h14 M5 18h9',
} as const;

/** The name of an icon. */
export type IconName = keyof typeof paths;

/** A drawing of one colour; the text beside it says what it means. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
