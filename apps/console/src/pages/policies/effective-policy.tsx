import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import type { CsvColumn } from '../../elements/csv.js';
import { CsvButton } from '../../elements/list-parts.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed, Loading } from '../../elements/states.js';
import { ApiField, ClientField } from '../../elements/subject-fields.js';
import { type EffectiveSearch, readEffectiveSearch } from './policy-search.js';
import { isSaid, settingWords, valueWords } from './setting-words.js';

/** Reads the effective policy of a client with APIs. */
export const readEffective = (client: string, resources: readonly string[]) =>
  bodyOf(
    adminApi.GET('/v1/effective-policy', {
      params: { query: { client, ...(resources.length > 0 ? { resource: [...resources] } : {}) } },
    }),
  );

/** The policy that sessions of a client with an API are really under: each value with the policy that makes it win. */
export function EffectivePolicy() {
  const { client = '', resource = '' } = useSearch({ from: '/shell/policies' });
  const navigate = useNavigate();
  const choose = (next: EffectiveSearch) =>
    void navigate({
      to: '/policies',
      search: readEffectiveSearch({ client, resource, ...next }),
      replace: true,
    });
  const effective = useQuery({
    queryKey: ['effective policy', client, resource],
    enabled: client !== '',
    queryFn: () => readEffective(client, resource === '' ? [] : [resource]),
  });
  const { at, rest } = refusalOf(effective.error, ['client', 'resource'], {
    unknown_client: 'client',
    unknown_resource: 'resource',
  });
  return (
    <section className="card stack" aria-label="Effective policy">
      <h2>The policy that applies</h2>
      <p className="quiet">
        Setting by setting the strictest of all policies counts. Choose an application to see which one wins
        where.
      </p>
      <div className="choice">
        <ClientField
          client={client}
          placeholder="choose one"
          problem={at('client')}
          onChange={(chosen) => choose({ client: chosen ?? '' })}
        />
        <ApiField
          api={resource}
          placeholder="no API"
          problem={at('resource')}
          onChange={(chosen) => choose({ resource: chosen ?? '' })}
        />
      </div>
      {client !== '' && effective.isPending && <Loading label="Reading the policy" />}
      <Failed error={rest} onRetry={() => effective.refetch()} />
      {effective.data && <EffectiveSettings settings={effective.data.settings} />}
    </section>
  );
}

type Effective = Awaited<ReturnType<typeof readEffective>>;

const columns: readonly CsvColumn<Effective['settings'][number]>[] = [
  { heading: 'setting', text: ({ name }) => name },
  { heading: 'value', text: ({ value }) => JSON.stringify(value) },
  { heading: 'set_by', text: ({ from }) => from.join(' ') },
];

/** The settings of an effective policy, each with the policies that say something about it. */
export function EffectiveSettings({ settings }: Pick<Effective, 'settings'>) {
  const said = settings.filter(({ name, value }) => isSaid(name, value));
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Value</th>
            <th scope="col">Set by</th>
          </tr>
        </thead>
        <tbody>
          {said.map(({ name, value, from, values }) => (
            <tr key={name}>
              <th scope="row">{settingWords(name)}</th>
              <td>{valueWords(value, name)}</td>
              <td>
                {values.map(({ policy, value: own }) => (
                  <span key={policy} className={from.includes(policy) ? 'wins' : 'quiet loses'}>
                    <Link to="/policies/$name" params={{ name: policy }}>
                      {policy}
                    </Link>{' '}
                    <span className="small">{valueWords(own, name)}</span>
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <CsvButton file="effective-policy.csv" columns={columns} rows={said} />
    </div>
  );
}
