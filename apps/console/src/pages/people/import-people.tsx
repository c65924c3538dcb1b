import { useMutation } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { type Fault, problemIn } from '../../admin-api/problem.js';
import { SendButton } from '../../elements/act-button.js';
import { Dialog } from '../../elements/dialog.js';
import { Says } from '../../elements/filter-fields.js';
import { NoteField } from '../../elements/note-field.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed } from '../../elements/states.js';
import type { operations } from '../../generated/admin-api.js';

/** The admin API takes no more (docs/guides/import.md), of which a note may need some. */
const maxBytes = 16 * 2 ** 20 - 16_384;
/** The faults of a file that are shown; more of them are counted. */
const maxShown = 100;

/** A file that was chosen, as text. */
interface ChosenFile {
  readonly name: string;
  readonly format: 'jsonl' | 'csv';
  readonly content: string;
}

type Imported = operations['importAccounts']['responses'][200]['content']['application/json'];

interface ImportPeopleProps {
  readonly onClose: () => void;
  /** People were imported. */
  readonly onMade: () => void;
}

const people = (count: number): string => (count === 1 ? '1 person' : `${count.toLocaleString()} people`);

/** The bytes of a file as JSON sends it, in which quotation marks and line breaks are escaped. */
const sentBytes = (content: string): number => new Blob([JSON.stringify(content)]).size;

/** Sends the file: to be checked only, or to be imported. */
const send = (file: ChosenFile, isCheck: boolean, note: string): Promise<Imported> => {
  const { format, content } = file;
  const body = { format, content, dry_run: isCheck, ...(note ? { note } : {}) };
  return bodyOf(adminApi.POST('/v1/accounts/import', { body }));
};

/** Imports the accounts of a file: it is checked first, and all of them are imported or none. */
export function ImportPeople({ onClose, onMade }: ImportPeopleProps) {
  const [file, setFile] = useState<ChosenFile>();
  const [note, setNote] = useState('');
  const check = useMutation({ mutationFn: (one: ChosenFile) => send(one, true, note) });
  const bring = useMutation({ mutationFn: (one: ChosenFile) => send(one, false, note), onSuccess: onMade });
  const choose = (one: ChosenFile | undefined) => {
    check.reset();
    bring.reset();
    setFile(one);
  };
  if (bring.data) return <ImportDone imported={bring.data} onClose={onClose} />;
  const error = bring.error ?? check.error;
  const isBusy = check.isPending || bring.isPending;
  const { at, rest } = refusalOf(error, ['note']);
  // An import that was sent goes on, whoever looks away: its answer is waited for.
  const close = () => {
    if (!bring.isPending) onClose();
  };
  return (
    <Dialog title="Import people" onClose={close}>
      <div className="stack">
        <FileField isOff={bring.isPending} onChoose={choose} />
        <NoteField value={note} problem={at('note')} onChange={setNote} />
        {isBusy && <Working isCheck={check.isPending} />}
        {file && check.data && !error && <Checked found={check.data} name={file.name} />}
        <FileFaults error={rest} />
        <div className="actions">
          <button type="button" className="plain" disabled={bring.isPending} onClick={close}>
            Cancel
          </button>
          {check.data && check.data.created > 0 ? (
            <SendButton scope="accounts:write" busy={isBusy} onPress={() => file && bring.mutate(file)}>
              Import {people(check.data.created)}
            </SendButton>
          ) : (
            <SendButton
              scope="accounts:write"
              busy={isBusy}
              missing={file ? undefined : 'Choose a file first.'}
              onPress={() => file && check.mutate(file)}
            >
              Check the file
            </SendButton>
          )}
        </div>
      </div>
    </Dialog>
  );
}

/** Reads a file as text; in words, why it cannot be sent. */
async function readChosen(file: File): Promise<ChosenFile | string> {
  const tooLarge = 'A file may have 16 MiB, with quotation marks and line breaks counted twice. Split it.';
  if (file.size > maxBytes) return tooLarge;
  const bytes = await file.arrayBuffer().catch(() => undefined);
  if (bytes === undefined) return 'This file cannot be read.';
  try {
    const content = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (sentBytes(content) > maxBytes) return tooLarge;
    return { name: file.name, format: /\.csv$/i.test(file.name) ? 'csv' : 'jsonl', content };
  } catch {
    return 'This file is not in UTF-8. Save it in this encoding.';
  }
}

interface FileFieldProps {
  readonly isOff: boolean;
  readonly onChoose: (file: ChosenFile | undefined) => void;
}

function FileField({ isOff, onChoose }: FileFieldProps) {
  const id = useId();
  const [problem, setProblem] = useState<string>();
  const latest = useRef<File>(undefined);
  const read = async (file: File | undefined) => {
    latest.current = file;
    onChoose(undefined);
    setProblem(undefined);
    if (!file) return;
    const found = await readChosen(file);
    // A file that was chosen meanwhile counts, however long this one took.
    if (latest.current !== file) return;
    if (typeof found === 'string') setProblem(found);
    else onChoose(found);
  };
  return (
    <div className="field">
      <label htmlFor={id}>File</label>
      <input
        id={id}
        type="file"
        disabled={isOff}
        data-first
        accept=".csv,.jsonl,.ndjson,.json,text/csv,application/jsonl"
        aria-invalid={problem ? true : undefined}
        aria-describedby={`${id}-says`}
        onChange={({ target: { files } }) => void read(files?.[0])}
      />
      <Says
        id={`${id}-says`}
        problem={problem}
        hint="CSV by its name, else JSON Lines; at most 10,000 people. Password hashes of other systems are taken over."
      />
    </div>
  );
}

/** The admin API answers once, at the end, so that nothing tells how far it is. */
function Working({ isCheck }: { readonly isCheck: boolean }) {
  const words = isCheck ? 'Checking the file' : 'Importing';
  return (
    <div role="status">
      <p>{words} … Ten thousand people take about a minute.</p>
      <progress aria-label={words} />
    </div>
  );
}

interface CheckedProps {
  readonly found: Imported;
  readonly name: string;
}

function Checked({ found: { created, present }, name }: CheckedProps) {
  return (
    <p className="notice" role="status">
      {created === 0
        ? `Nobody in ${name} is new.`
        : `${name} is in order: ${people(created)} would be imported.`}
      {present > 0 &&
        ` ${people(present)} with the same profile ${present === 1 ? 'is' : 'are'} there already.`}
    </p>
  );
}

/** The faults of a file by their lines; another refusal as it is. */
function FileFaults({ error }: { readonly error: unknown }) {
  const problem = problemIn(error);
  if (problem?.code !== 'invalid_import') return <Failed error={error} />;
  const left = problem.faults.length - maxShown;
  return (
    <div className="notice bad" role="alert">
      <p className="strong">{problem.message}</p>
      <ul aria-label="Faults of the file">
        {problem.faults.slice(0, maxShown).map((fault) => (
          <li key={`${fault.at} ${fault.detail}`}>{inWords(fault)}</li>
        ))}
      </ul>
      {left > 0 && <p>And {left.toLocaleString()} more.</p>}
    </div>
  );
}

/** A fault of a file names its line, and the member where there is one: `line/3/email`. */
function inWords({ at, detail }: Fault): string {
  const [, line, member] = /^line\/(\d+)(?:\/(.+))?$/.exec(at) ?? [];
  if (line === undefined) return `${at}: ${detail}`;
  return `Line ${line}: ${member === undefined ? '' : `${member}: `}${detail}`;
}

function ImportDone({
  imported: { created, present },
  onClose,
}: {
  readonly imported: Imported;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title="Import people" onClose={onClose}>
      <p role="status">
        {people(created)} imported.
        {present > 0 && ` ${people(present)} with the same profile had been there before.`}
      </p>
      <div className="actions">
        <button type="button" data-first onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
