import { type RefObject, useEffect } from 'react';

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.matches('input:not([type=radio],[type=checkbox]), textarea, select');

/** Moves the focus through the rows of a list with j and k; Enter follows the link of a row as everywhere. */
export function useRowKeys(list: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const move = (event: KeyboardEvent) => {
      const step = { j: 1, k: -1 }[event.key];
      const isPlain = !event.metaKey && !event.ctrlKey && !event.altKey;
      if (step === undefined || !isPlain || isTyping(event.target) || document.querySelector('dialog[open]'))
        return;
      const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
      const at = rows.indexOf(document.activeElement as HTMLElement);
      const next = rows[Math.max(0, Math.min(rows.length - 1, at === -1 ? 0 : at + step))];
      next?.focus();
      next?.scrollIntoView({ block: 'nearest' });
    };
    window.addEventListener('keydown', move);
    return () => window.removeEventListener('keydown', move);
  }, [list]);
}

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** The values of the fields of forms before somebody changed them, or as they were when their form was last sent. */
const known = new WeakMap<Field, string>();

const written = (field: Field): string =>
  field instanceof HTMLInputElement && field.type === 'checkbox' ? String(field.checked) : field.value;

const fieldsIn = (form: Element) => [...form.querySelectorAll<Field>('input, textarea, select')];

const noteReached = ({ target }: Event) => {
  const form = target instanceof Element ? target.closest('form') : null;
  for (const field of form ? fieldsIn(form) : []) if (!known.has(field)) known.set(field, written(field));
};

/** A form is sent by one of its buttons, or by Enter. */
const noteSent = ({ type, target }: Event) => {
  if (!(target instanceof Element)) return;
  const sender = type === 'submit' ? target : target.closest('form button:not([aria-disabled])');
  const form = sender?.closest('form');
  for (const field of form ? fieldsIn(form) : []) known.set(field, written(field));
};

/** Whether a form of the page has a value that was not sent, or one that was refused. */
const isUnsent = (): boolean =>
  [...document.querySelectorAll('main form')]
    .flatMap(fieldsIn)
    .some(
      (field) =>
        field.matches('[aria-invalid=true]') || (known.get(field) ?? written(field)) !== written(field),
    );

/** Calls `onEscape` where nothing that is open takes the key itself, and nothing that was typed would be lost. */
export function useEscape(onEscape: () => void): void {
  useEffect(() => {
    const leave = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return;
      if (!isUnsent()) onEscape();
    };
    const listeners = { keydown: leave, focusin: noteReached, click: noteSent, submit: noteSent } as const;
    const all = Object.entries(listeners) as [string, EventListener][];
    for (const [type, listener] of all) window.addEventListener(type, listener);
    return () => {
      for (const [type, listener] of all) window.removeEventListener(type, listener);
    };
  }, [onEscape]);
}
