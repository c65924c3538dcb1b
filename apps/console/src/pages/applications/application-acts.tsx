import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { clientInPath } from '../../admin-api/in-path.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { LiveCount } from '../../elements/live-count.js';
import { useSeen } from '../../elements/revision.js';
import { type ApplicationDetails, applicationQuery } from './application-queries.js';

/** An application with the entity tag that an act on it is made from. */
type SeenApplication = ApplicationDetails & { readonly etag: string };

/** The members of a registration that its page shows. */
const titles: Readonly<Partial<Record<keyof SeenApplication, string>>> = {
  client_name: 'Name',
  redirect_uris: 'Redirect URIs',
  post_logout_redirect_uris: 'Addresses after signing out',
  grant_types: 'Grants',
  token_endpoint_auth_method: 'Authentication',
  scope: 'Scopes',
  resources: 'APIs',
  resource: 'The API that it answers for',
  disabled_at: 'Whether it is disabled',
  accent_color_light: 'Look',
  accent_color_dark: 'Look',
  logo_png: 'Look',
};

async function readApplication(queries: QueryClient, id: string): Promise<SeenApplication> {
  const { body, etag } = await queries.fetchQuery({ ...applicationQuery(id), staleTime: 0 });
  return { ...body, etag: etag ?? '' };
}

type Asked = 'disable' | 'enable' | 'delete';

const words: Readonly<
  Record<Asked, { readonly title: string; readonly button: string; readonly effect: string }>
> = {
  disable: {
    title: 'Disable',
    button: 'Disable',
    effect: 'Nobody can sign in with it until it is enabled again.',
  },
  enable: {
    title: 'Enable',
    button: 'Enable',
    effect: 'People can sign in with it again. No session comes back.',
  },
  delete: {
    title: 'Delete',
    button: 'Delete for ever',
    effect: 'Its secrets and what people allowed it are deleted. This cannot be undone.',
  },
};

/** Disables, enables and deletes an application, after saying how many sessions that ends. */
export function ApplicationActs({ application }: { readonly application: SeenApplication }) {
  const [asked, setAsked] = useState<Asked>();
  return (
    <>
      <ActButton
        scope="clients:write"
        look={application.disabled_at ? 'plain' : 'ending'}
        onAct={() => setAsked(application.disabled_at ? 'enable' : 'disable')}
      >
        {application.disabled_at ? 'Enable …' : 'Disable …'}
      </ActButton>
      <ActButton scope="clients:write" look="ending" onAct={() => setAsked('delete')}>
        Delete …
      </ActButton>
      {asked && <ConfirmAct application={application} asked={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

interface ConfirmActProps {
  readonly application: SeenApplication;
  readonly asked: Asked;
  readonly onClose: () => void;
}

function ConfirmAct({ application, asked, onClose }: ConfirmActProps) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { client_id: id, client_name: name } = application;
  const { title, button, effect } = words[asked];
  const seen = useSeen({ record: application, titles, readAgain: () => readApplication(queries, id) });
  const done = async () => {
    if (asked === 'delete') await navigate({ to: '/applications' });
    void queries.invalidateQueries({ queryKey: ['clients'] });
    void queries.invalidateQueries({ queryKey: ['sessions'] });
  };
  return (
    <ConfirmDialog
      scope="clients:write"
      title={`${title} ${name}`}
      button={button}
      isDanger={asked !== 'enable'}
      hasNote
      act={(note) => carryOut(asked, id, seen.etag, note)}
      onOvertaken={seen.lookAgain}
      onDone={() => void done()}
      onClose={onClose}
    >
      {asked !== 'enable' && <LiveCount of={{ client: id }} />}
      <p>{effect}</p>
    </ConfirmDialog>
  );
}

function carryOut(asked: Asked, id: string, etag: string, note: string | undefined): Promise<unknown> {
  const params = { path: { id: clientInPath(id) }, header: { 'If-Match': etag } };
  const body = note === undefined ? {} : { note };
  if (asked === 'delete')
    return bodyOf(adminApi.DELETE('/v1/clients/{id}', { params: { ...params, query: body } }));
  const act = asked === 'disable' ? '/v1/clients/{id}/disable' : '/v1/clients/{id}/enable';
  return bodyOf(adminApi.POST(act, { params, body }));
}
