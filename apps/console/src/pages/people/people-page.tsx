import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { problemIn } from '../../admin-api/problem.js';
import { ActButton } from '../../elements/act-button.js';
import type { CsvColumn } from '../../elements/csv.js';
import { TextField } from '../../elements/filter-fields.js';
import { ListHeading, PagedList } from '../../elements/paged-list.js';
import { Time } from '../../elements/time.js';
import { ImportPeople } from './import-people.js';
import { NewPerson } from './new-person.js';
import { type Person, peopleQuery } from './people-queries.js';
import type { PeopleSearch } from './people-search.js';
import { PeopleTabs } from './people-tabs.js';
import { PersonBadges } from './person-badges.js';

const route = getRouteApi('/shell/people');

const columns: readonly CsvColumn<Person>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'username', text: ({ username }) => username },
  { heading: 'created_at', text: ({ created_at }) => created_at },
  { heading: 'password_changed_at', text: ({ password_changed_at }) => password_changed_at },
  { heading: 'must_change_password', text: (person) => String(person.must_change_password) },
  { heading: 'disabled_at', text: ({ disabled_at }) => disabled_at },
];

/** Everybody who can sign in, by username. */
export function PeoplePage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [asked, ask] = useState<'person' | 'import'>();
  const found = useInfiniteQuery(peopleQuery(search));
  const people = found.data?.pages.flatMap(({ items }) => items) ?? [];
  const refresh = () => void queries.resetQueries({ queryKey: ['people'] });
  return (
    <>
      <ListHeading
        title="People"
        rows={people}
        columns={columns}
        updated={found.dataUpdatedAt}
        onRefresh={refresh}
      >
        <ActButton scope="accounts:write" onAct={() => ask('import')}>
          Import …
        </ActButton>
        <ActButton scope="accounts:write" look="main" onAct={() => ask('person')}>
          New person
        </ActButton>
      </ListHeading>
      <PeopleTabs />
      <search className="conditions" aria-label="Conditions">
        <TextField
          label="Username begins with"
          problem={problemIn(found.error)?.faultOf('prefix')}
          value={search.prefix ?? ''}
          onCommit={(prefix) =>
            void navigate({ to: '/people', search: prefix ? { prefix } : {}, replace: true })
          }
        />
      </search>
      <PagedList
        label="People"
        found={found as ReturnType<typeof useInfiniteQuery>}
        rows={people}
        heads={['Person', 'State', 'Since', 'Password']}
        keyOf={({ id }) => id}
        empty={search.prefix ? 'Nobody’s username begins like this.' : 'There is nobody yet.'}
        onRetry={refresh}
      >
        {(person) => <PersonRow person={person} search={search} />}
      </PagedList>
      {asked === 'person' && <NewPerson onClose={() => ask(undefined)} onMade={refresh} />}
      {asked === 'import' && <ImportPeople onClose={() => ask(undefined)} onMade={refresh} />}
    </>
  );
}

function PersonRow({ person, search }: { readonly person: Person; readonly search: PeopleSearch }) {
  return (
    <Link to="/people/$id" params={{ id: person.id }} search={search} className="entry" data-row={person.id}>
      <span>
        <span className="strong">{person.username}</span>
        <span className="small quiet mono">{person.id.slice(0, 8)}</span>
      </span>
      <span>
        <PersonBadges person={person} />
      </span>
      <span>
        <Time at={person.created_at} />
      </span>
      <span className="small quiet">
        <span>
          changed <Time at={person.password_changed_at} />
        </span>
      </span>
    </Link>
  );
}
