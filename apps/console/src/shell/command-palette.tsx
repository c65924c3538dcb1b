import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useId, useState } from 'react';
import { useMay } from '../admin-api/caller.js';
import { adminApi, bodyOf } from '../admin-api/client.js';
import { Dialog } from '../elements/dialog.js';
import { pages } from './navigation.js';

interface Command {
  readonly key: string;
  readonly title: string;
  readonly about: string;
  readonly run: () => unknown;
}

const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/** Goes to a page, a session by its id, or a person by the beginning of their username. */
export function CommandPalette({ onClose }: { readonly onClose: () => void }) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const list = useId();
  const commands = useCommands(text.trim());
  const at = Math.min(chosen, commands.length - 1);
  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const move = (event: KeyboardEvent) => {
    if (event.key === 'Enter') return run(commands[at]);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    setChosen((at + step + commands.length) % Math.max(1, commands.length));
  };
  return (
    <Dialog title="Search or go to" onClose={onClose} className="palette">
      <input
        data-first
        role="combobox"
        aria-label="Search or go to"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={commands[at] ? `${list}-${at}` : undefined}
        placeholder="A page, a username, the id of a session"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={move}
      />
      <div role="listbox" id={list} aria-label="Found">
        {commands.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above moves through the options and chooses them
          <div
            key={command.key}
            role="option"
            tabIndex={-1}
            id={`${list}-${index}`}
            aria-selected={index === at}
            onClick={() => run(command)}
          >
            <span className="strong">{command.title}</span> <span className="quiet">{command.about}</span>
          </div>
        ))}
      </div>
      {commands.length === 0 && <p className="quiet">Nothing is called that.</p>}
    </Dialog>
  );
}

function useCommands(text: string): readonly Command[] {
  const navigate = useNavigate();
  const mayReadAccounts = useMay('accounts:read');
  const people = useQuery({
    queryKey: ['accounts', 'prefix', text],
    enabled: mayReadAccounts && text.length > 1 && !isId(text),
    queryFn: () =>
      bodyOf(adminApi.GET('/v1/accounts', { params: { query: { prefix: text.toLowerCase(), limit: 6 } } })),
  });
  const toPages = pages
    .filter(({ title }) => title.toLowerCase().includes(text.toLowerCase()))
    .map(({ to, title, about }) => ({ key: to, title, about, run: () => navigate({ to }) }));
  const toSession = isId(text)
    ? [
        {
          key: text,
          title: `Session ${text}`,
          about: 'by its id',
          run: () => navigate({ to: '/sessions/$id', params: { id: text.toLowerCase() } }),
        },
      ]
    : [];
  const toPeople = (people.data?.items ?? []).map(({ id, username }) => ({
    key: id,
    title: username,
    about: 'a person',
    run: () => navigate({ to: '/people/$id', params: { id } }),
  }));
  return [...toSession, ...toPages, ...toPeople];
}
