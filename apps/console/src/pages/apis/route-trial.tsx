import type { UseQueryResult } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { Problem } from '../../admin-api/problem.js';
import { SelectField } from '../../elements/filter-fields.js';
import { InputField } from '../../elements/input-field.js';
import { Failed } from '../../elements/states.js';
import type { EffectiveRoute } from './api-queries.js';
import type { RouteSearch } from './api-search.js';
import { reasonOf, verdictWords } from './route-words.js';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

interface RouteTrialProps {
  readonly search: RouteSearch;
  readonly tried: UseQueryResult<EffectiveRoute>;
  readonly onTry: (request: { readonly method: string; readonly url: string | undefined }) => void;
}

/** Tries a request against the routes, by the code that gateways decide with. The request stands in the address. */
export function RouteTrial({ search, tried, onTry }: RouteTrialProps) {
  const [url, setUrl] = useState(search.url ?? '');
  const [method, setMethod] = useState(search.method ?? 'GET');
  useEffect(() => setUrl(search.url ?? ''), [search.url]);
  useEffect(() => setMethod(search.method ?? 'GET'), [search.method]);
  const problem = tried.error instanceof Problem ? tried.error : undefined;
  const atUrl = problem?.faultOf('url');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onTry({ method, url: url.trim() || undefined });
    if (url.trim() === search.url && method === (search.method ?? 'GET')) void tried.refetch();
  };
  return (
    <section className="card stack trial" aria-label="Try a request">
      <h2>Try a request</h2>
      <form onSubmit={submit}>
        <SelectField label="Method" value={method} onChange={setMethod}>
          {methods.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </SelectField>
        <InputField
          label="Address"
          value={url}
          onChange={setUrl}
          problem={atUrl}
          hint="As the client sends it, such as https://orders.example.com/orders/7"
        />
        <button type="submit" className="plain compact">
          Try it
        </button>
      </form>
      {tried.isError && !atUrl && <Failed error={tried.error} onRetry={() => tried.refetch()} />}
      {tried.data && <Outcome of={tried.data} />}
    </section>
  );
}

function Outcome({ of: { outcome, routes, request, truncated } }: { readonly of: EffectiveRoute }) {
  const taker = routes.find(({ verdict }) => verdict === 'takes_it');
  const others = routes.filter(({ verdict }) => verdict === 'applies_too').map(({ name }) => name);
  return (
    <div className={`notice ${outcome === 'route' ? 'good' : 'bad'}`} role="status">
      <p className="strong">
        {outcome === 'route' && `${taker?.name} takes it.`}
        {outcome === 'no_route' &&
          'No route that is kept here takes it. A gateway goes on with those of its own file, and rejects it where there is none.'}
        {outcome === 'path_ambiguous' &&
          `It is rejected: programs read ${request.traits.join(' and ')} in a path differently, and ${taker?.name} does not allow that.`}
        {outcome === 'contradiction' &&
          `It is rejected: ${[...others, taker?.name].join(' and ')} apply together, and no request can meet all of them.`}
      </p>
      {outcome === 'route' && others.length > 0 && (
        <p>
          It also has to meet {others.join(', ')}: other programs may read the path as one of{' '}
          {others.length === 1 ? 'that route' : 'those routes'}.
        </p>
      )}
      {request.readings.length > 1 && (
        <p className="small">
          The path can be read as <code>{request.readings.join(' · ')}</code>
        </p>
      )}
      {truncated && <p className="small">Only the first routes were looked at; there are more.</p>}
    </div>
  );
}

/** The verdict about one route, with its reason. */
export function VerdictBadge({
  of: { verdict, misfits },
}: {
  readonly of: EffectiveRoute['routes'][number];
}) {
  const look = verdict === 'takes_it' || verdict === 'applies_too' ? 'good' : '';
  return (
    <>
      <span>
        <span className={`badge ${look}`}>{verdictWords(verdict)}</span>
      </span>
      <span className="small quiet">{reasonOf(verdict, misfits)}</span>
    </>
  );
}
