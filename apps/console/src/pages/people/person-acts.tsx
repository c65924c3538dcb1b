import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { LiveCount } from '../../elements/live-count.js';
import type { PersonDetails } from './people-queries.js';
import { PersonalData } from './personal-data.js';
import { useSeenPerson } from './seen-person.js';
import { SetPassword } from './set-password.js';

type Confirmed = 'require' | 'disable' | 'enable' | 'delete' | 'erase';

/** The acts of an operator on an account. */
export function PersonActs({ person }: { readonly person: PersonDetails }) {
  const [asked, setAsked] = useState<Confirmed | 'password'>();
  const queries = useQueryClient();
  const close = () => setAsked(undefined);
  const changed = () => {
    void queries.invalidateQueries({ queryKey: ['account', person.id] });
    void queries.invalidateQueries({ queryKey: ['people'] });
    void queries.invalidateQueries({ queryKey: ['sessions'] });
  };
  return (
    <>
      <ActButton scope="accounts:write" onAct={() => setAsked('password')}>
        Set a password …
      </ActButton>
      {!person.must_change_password && (
        <ActButton scope="accounts:write" onAct={() => setAsked('require')}>
          Require a new one …
        </ActButton>
      )}
      <ActButton
        scope="accounts:write"
        look={person.disabled_at ? 'plain' : 'ending'}
        onAct={() => setAsked(person.disabled_at ? 'enable' : 'disable')}
      >
        {person.disabled_at ? 'Enable …' : 'Disable …'}
      </ActButton>
      <ActButton scope="accounts:write" look="ending" onAct={() => setAsked('delete')}>
        Delete …
      </ActButton>
      <ActButton scope="accounts:write" look="ending" onAct={() => setAsked('erase')}>
        Erase …
      </ActButton>
      <PersonalData person={person} />
      {asked === 'password' && <SetPassword person={person} onClose={close} onDone={changed} />}
      {asked !== undefined && asked !== 'password' && (
        <ConfirmAct person={person} asked={asked} onClose={close} onDone={changed} />
      )}
    </>
  );
}

interface ConfirmActProps {
  readonly person: PersonDetails;
  readonly asked: Confirmed;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

const words: Readonly<
  Record<Confirmed, { readonly title: string; readonly button: string; readonly effect: string }>
> = {
  require: {
    title: 'Require a new password of',
    button: 'Require it',
    effect: 'The next sign-in asks for a new password. Sessions go on until then.',
  },
  disable: {
    title: 'Disable',
    button: 'Disable',
    effect: 'Nobody can sign in with this account until it is enabled again.',
  },
  enable: {
    title: 'Enable',
    button: 'Enable',
    effect: 'The person can sign in again. No session comes back.',
  },
  delete: {
    title: 'Delete',
    button: 'Delete for ever',
    effect: 'The account, its consents and its second factors are deleted. This cannot be undone.',
  },
  erase: {
    title: 'Erase',
    button: 'Erase for ever',
    effect:
      'The account is deleted, and addresses, devices and notes are taken out of everything that is kept about the person (GDPR Art. 17). The sealed history still verifies. This cannot be undone.',
  },
};

function ConfirmAct({ person, asked, onClose, onDone }: ConfirmActProps) {
  const navigate = useNavigate();
  const seen = useSeenPerson(person);
  const { title, button, effect } = words[asked];
  const isLast = asked === 'delete' || asked === 'erase';
  const ends = asked === 'disable' || isLast;
  const done = () => {
    onDone();
    if (isLast) void navigate({ to: '/people' });
  };
  const count: ReactNode = ends && <LiveCount of={{ account: person.id }} />;
  return (
    <ConfirmDialog
      scope="accounts:write"
      title={`${title} ${person.username}`}
      button={button}
      isDanger={ends}
      hasNote
      act={(note) => carryOut(asked, person.id, seen.etag, note)}
      onOvertaken={seen.lookAgain}
      onDone={done}
      onClose={onClose}
    >
      {count}
      <p>{effect}</p>
    </ConfirmDialog>
  );
}

function carryOut(asked: Confirmed, id: string, etag: string, note: string | undefined): Promise<unknown> {
  const params = { path: { id }, header: { 'If-Match': etag } };
  const body = note === undefined ? {} : { note };
  if (asked === 'delete')
    return bodyOf(adminApi.DELETE('/v1/accounts/{id}', { params: { ...params, query: body } }));
  if (asked === 'erase') return bodyOf(adminApi.POST('/v1/accounts/{id}/erase', { params, body }));
  if (asked === 'disable') return bodyOf(adminApi.POST('/v1/accounts/{id}/disable', { params, body }));
  if (asked === 'enable') return bodyOf(adminApi.POST('/v1/accounts/{id}/enable', { params, body }));
  return bodyOf(adminApi.POST('/v1/accounts/{id}/require-password', { params, body }));
}
