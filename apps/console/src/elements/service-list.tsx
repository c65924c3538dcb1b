import { type useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Scope } from '../admin-api/caller.js';
import { ActButton } from './act-button.js';
import type { CsvColumn } from './csv.js';
import { ListHeading, PagedList } from './paged-list.js';

interface ServiceListProps<Row extends { readonly id: string }> {
  readonly title: string;
  readonly called: string;
  /** The first part of the keys of its queries. */
  readonly queryKey: string;
  /** The scope that a new one needs at least; its form names the others. */
  readonly scope: Scope;
  readonly found: Pick<ReturnType<typeof useInfiniteQuery>, 'dataUpdatedAt'>;
  readonly rows: readonly Row[];
  readonly columns: readonly CsvColumn<Row>[];
  readonly heads: readonly string[];
  readonly empty: string;
  readonly tabs: ReactNode;
  /** The service that is open, as it stands in the address. */
  readonly opened: string | undefined;
  /** Takes the open one out of the address. */
  readonly onLeave: () => void;
  readonly dialog: (id: string | null, onClose: () => void, onDone: () => void) => ReactNode;
  /** The row as one link. */
  readonly children: (row: Row) => ReactNode;
}

/** Other services of one kind by their ids, each with its form, and a way to add one. */
export function ServiceList<Row extends { readonly id: string }>(props: ServiceListProps<Row>) {
  const { title, called, queryKey, scope, found, rows, columns, heads, empty, tabs, children } = props;
  const { opened, onLeave, dialog } = props;
  const queries = useQueryClient();
  const [isMaking, setMaking] = useState(false);
  const refresh = () => void queries.resetQueries({ queryKey: [queryKey] });
  return (
    <>
      <ListHeading
        title={title}
        rows={rows}
        columns={columns}
        updated={found.dataUpdatedAt}
        onRefresh={refresh}
      >
        <ActButton scope={scope} look="main" onAct={() => setMaking(true)}>
          New {called}
        </ActButton>
      </ListHeading>
      {tabs}
      <PagedList
        label={title}
        found={found as ReturnType<typeof useInfiniteQuery>}
        rows={rows}
        heads={heads}
        keyOf={({ id }) => id}
        empty={empty}
        onRetry={refresh}
      >
        {children}
      </PagedList>
      {isMaking && dialog(null, () => setMaking(false), refresh)}
      {opened && !isMaking && dialog(opened, onLeave, refresh)}
    </>
  );
}
