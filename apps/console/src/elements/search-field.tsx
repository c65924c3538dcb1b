import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { problemIn } from '../admin-api/problem.js';
import { TextField } from './filter-fields.js';

/** Something that can be chosen by its name. */
export interface Choice {
  readonly id: string;
  readonly name: string;
  /** Another name, by which it is found, too. */
  readonly alias?: string;
}

interface SearchFieldProps {
  readonly label: string;
  readonly placeholder: string;
  /** The name of what is chosen; empty where nothing is. */
  readonly chosen: string;
  /** The things in one word, such as "people"; their answers are kept by it. */
  readonly of: string;
  /** Finds what has a text in its name or id. */
  readonly find: (text: string, limit: number) => Promise<readonly Choice[]>;
  /** The word for their ids. */
  readonly idWord?: string;
  /** The words for a name that nothing has. */
  readonly unknown: string;
  readonly problem?: string | undefined;
  readonly hint?: string | undefined;
  readonly onChange: (id: string | undefined) => void;
}

/** It stands between a name and an id. */
const separator = ' · ';
/** Names that are suggested at once. */
const maxSuggested = 12;
/** Names among which one is looked for that was typed in full. */
const maxSearched = 200;

/** A choice by name among any number of things: a few suggestions while one types, and the one that has the whole name in the end. */
export function SearchField(props: SearchFieldProps) {
  const { chosen, of, find, idWord = 'id', unknown, problem, onChange, ...field } = props;
  const [typed, setTyped] = useState('');
  const [fault, setFault] = useState<string>();
  const [isLookingUp, setIsLookingUp] = useState(false);
  const turns = useRef(0);
  // The address may have changed until a lookup is answered.
  const change = useRef(onChange);
  change.current = onChange;
  // A lookup that is answered after its page was left leads nobody back to it.
  useEffect(
    () => () => {
      turns.current += 1;
    },
    [],
  );
  const queries = useQueryClient();
  const text = typed.trim();
  const found = (part: string, limit: number) => ({
    queryKey: [of, 'choices', part, limit] as const,
    queryFn: () => find(part, limit),
  });
  const suggested = useQuery({ ...found(text, maxSuggested), enabled: text.length > 1 && text !== chosen });
  const commit = async (whole: string) => {
    // The text that was taken last counts, whichever lookup is answered last.
    turns.current += 1;
    const turn = turns.current;
    setFault(undefined);
    setIsLookingUp(false);
    if (whole === '') return onChange(undefined);
    const known = only(suggested.data ?? [], whole);
    if (typeof known === 'object') return onChange(known.id);
    // A suggestion that names its id is found by that.
    const part = whole.split(separator).at(-1) ?? whole;
    setIsLookingUp(true);
    const choices = await queries
      .fetchQuery(found(part, maxSearched))
      .catch((error) => problemIn(error)?.message ?? 'The name could not be looked up.');
    if (turn !== turns.current) return;
    setIsLookingUp(false);
    if (typeof choices === 'string') return setFault(choices);
    const one = choices.find(({ id }) => id === part) ?? only(choices, whole);
    if (typeof one === 'object') change.current(one.id);
    else
      setFault(one === 'several' ? `Several have this name. Choose one of them by its ${idWord}.` : unknown);
  };
  return (
    <TextField
      {...field}
      value={chosen}
      problem={fault ?? problem}
      options={(suggested.data ?? []).map((one, _, all) => ({ value: wordsOf(one, all), about: one.alias }))}
      onType={setTyped}
      isKept={isLookingUp || fault !== undefined}
      onCommit={(whole) => void commit(whole)}
    />
  );
}

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** A name as it is suggested: with the id where several have it. */
const wordsOf = ({ id, name }: Choice, all: readonly Choice[]): string =>
  all.some((other) => other.id !== id && isSame(other.name, name)) ? `${name}${separator}${id}` : name;

/** The one choice that a text names, by its id or by a name that it has alone. */
function only(all: readonly Choice[], text: string): Choice | 'several' | 'none' {
  const exact = all.find((one) => one.id === text || wordsOf(one, all) === text);
  if (exact) return exact;
  const [first, ...others] = all.filter(({ name, alias }) => isSame(name, text) || isSame(alias ?? '', text));
  if (!first) return 'none';
  return others.length === 0 ? first : 'several';
}
