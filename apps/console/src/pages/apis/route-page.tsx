import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import { Facts, focusRow, RecordHeading } from '../../elements/record.js';
import { Failed, Loading } from '../../elements/states.js';
import { ApiName } from '../../elements/subject-names.js';
import { Time } from '../../elements/time.js';
import { useEscape } from '../../shell/keyboard.js';
import { type GatewayRoute, routeQuery } from './api-queries.js';
import './apis.css';
import { RouteForm } from './route-form.js';
import { newRoute, requirementWords, typedRoute } from './route-members.js';

/** One route: its requests, its requirements and its upstream. */
export function RoutePage() {
  const { name } = useParams({ from: '/shell/apis/routes/$name' });
  const search = useSearch({ from: '/shell/apis/routes/$name' });
  const navigate = useNavigate();
  const found = useQuery(routeQuery(name));
  const [isChanging, setChanging] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  useEscape(() => {
    if (!isChanging) void navigate({ to: '/apis/routes', search }).then(() => focusRow(name));
  });
  const route = found.isError ? undefined : found.data?.body;
  return (
    <>
      <RecordHeading back={{ to: '/apis/routes', search }} list="Gateway routes" title={name} id="">
        {route && !isChanging && (
          <>
            <ActButton scope="policies:write" look="main" onAct={() => setChanging(true)}>
              Change it
            </ActButton>
            <ActButton scope="policies:write" look="ending" onAct={() => setDeleting(true)}>
              Delete …
            </ActButton>
          </>
        )}
      </RecordHeading>
      {found.isPending && <Loading label="Reading the route" />}
      {found.isError && <Failed error={found.error} onRetry={() => found.refetch()} />}
      {route && isChanging && (
        <RouteForm
          typed={typedRoute(route)}
          etag={found.data?.etag ?? ''}
          onDone={() => setChanging(false)}
          onCancel={() => setChanging(false)}
        />
      )}
      {route && !isChanging && <RouteFacts route={route} />}
      {isDeleting && (
        <DeleteRoute name={name} etag={found.data?.etag ?? ''} onClose={() => setDeleting(false)} />
      )}
    </>
  );
}

function RouteFacts({ route }: { readonly route: GatewayRoute }) {
  return (
    <section className="card" aria-label="Route">
      <Facts
        of={[
          ['API', <ApiName key="api" audience={route.resource} />],
          ['Position', String(route.position)],
          ['Hosts', <code key="hosts">{route.hosts.join(' ')}</code>],
          ['Schemes', route.schemes.join(', ')],
          ['Path', <code key="path">{route.path}</code>],
          ['Methods', route.methods.join(', ') || 'every method'],
          ['Requires', requirementWords(route)],
          ['Activity', route.activity === 'passive' ? 'its requests keep no session awake' : null],
          ['Allows in paths', route.allow?.join(', ')],
          ['Letter case', route.case_sensitive ? 'matters' : null],
          ['Upstream', route.upstream && <code>{route.upstream}</code>],
          ['Access token', route.pass_token ? 'is passed on' : null],
          ['Browser client', route.browser],
          ['Pages that may read refusals', route.cors?.join(' ')],
          ['Version', String(route.version)],
          ['Changed', <Time key="at" at={route.updated_at} />],
        ]}
      />
    </section>
  );
}

interface DeleteRouteProps {
  readonly name: string;
  readonly etag: string;
  readonly onClose: () => void;
}

function DeleteRoute({ name, etag, onClose }: DeleteRouteProps) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  return (
    <ConfirmDialog
      scope="policies:write"
      title={`Delete ${name}`}
      button="Delete"
      isDanger
      act={() =>
        bodyOf(
          adminApi.DELETE('/v1/gateway-routes/{name}', {
            params: { path: { name }, header: { 'If-Match': etag } },
          }),
        )
      }
      onOvertaken={() => queries.invalidateQueries({ queryKey: ['routes', name] }).then(() => [])}
      onDone={() =>
        void navigate({ to: '/apis/routes' }).then(() => queries.resetQueries({ queryKey: ['routes'] }))
      }
      onClose={onClose}
    >
      <p>Its requests go to the next route that matches. Requests that match none are rejected.</p>
    </ConfirmDialog>
  );
}

/** A new route. */
export function NewRoutePage() {
  const search = useSearch({ from: '/shell/apis/new-route' });
  const navigate = useNavigate();
  const back = () => void navigate({ to: '/apis/routes', search });
  return (
    <>
      <RecordHeading back={{ to: '/apis/routes', search }} list="Gateway routes" title="New route" id="" />
      <RouteForm
        typed={{ ...newRoute, resource: search.resource ?? '' }}
        etag={null}
        onDone={back}
        onCancel={back}
      />
    </>
  );
}
