import './paged-list.css';
import type { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { serverNow } from '../admin-api/server-time.js';
import { useRowKeys } from '../shell/keyboard.js';
import { type CsvColumn, csvOf, download } from './csv.js';
import { timeOfDayWords } from './durations.js';
import { Icon } from './icon.js';
import { Empty, Failed, Loading } from './states.js';

interface ListHeadingProps<Row> {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly columns: readonly CsvColumn<Row>[];
  /** The instant of the browser at which the list was read, as a query tells it. */
  readonly updated: number;
  readonly onRefresh: () => void;
  /** The button for something new. */
  readonly children?: ReactNode;
}

/** The heading of a list: how old it is, a way to read it again, and its rows as a file. */
export function ListHeading<Row>(props: ListHeadingProps<Row>) {
  const { title, rows, columns, updated, onRefresh, children } = props;
  const [readAt, setReadAt] = useState(0);
  useEffect(() => {
    if (updated > 0) setReadAt(serverNow());
  }, [updated]);
  return (
    <div className="heading">
      <h1>{title}</h1>
      <div className="actions">
        <span className="small quiet">{readAt > 0 && `as of ${timeOfDayWords(readAt)}`}</span>
        <button type="button" className="plain compact" onClick={onRefresh}>
          <Icon name="refresh" />
          Refresh
        </button>
        <button
          type="button"
          className="plain compact"
          disabled={rows.length === 0}
          onClick={() => download(`${title.toLowerCase()}.csv`, csvOf(columns, rows))}
        >
          <Icon name="download" />
          CSV
        </button>
        {children}
      </div>
    </div>
  );
}

interface PagedListProps<Row> {
  readonly label: string;
  readonly found: ReturnType<typeof useInfiniteQuery>;
  readonly rows: readonly Row[];
  readonly heads: readonly string[];
  readonly keyOf: (row: Row) => string;
  readonly empty: string;
  readonly onRetry: () => void;
  /** The row as one link. */
  readonly children: (row: Row) => ReactNode;
}

/** A list that is read page by page, with its states and its keys. */
export function PagedList<Row>(props: PagedListProps<Row>) {
  const { label, found, rows, heads, keyOf, empty, onRetry, children } = props;
  const list = useRef<HTMLDivElement>(null);
  useRowKeys(list);
  if (found.isPending) return <Loading label={`Reading ${label.toLowerCase()}`} />;
  if (found.isError && rows.length === 0) return <Failed error={found.error} onRetry={onRetry} />;
  if (rows.length === 0) return <Empty title={empty} />;
  return (
    <>
      {found.isError && <Failed error={found.error} onRetry={onRetry} />}
      <div className="entries card" ref={list}>
        <div className="entry head" aria-hidden="true">
          {heads.map((head) => (
            <span key={head}>{head}</span>
          ))}
        </div>
        <ul aria-label={label}>
          {rows.map((row) => (
            <li key={keyOf(row)}>{children(row)}</li>
          ))}
        </ul>
      </div>
      <p className="list-end">
        <span className="small quiet">
          {rows.length} shown{found.hasNextPage ? '' : ', that is all'}
        </span>
        {found.hasNextPage && (
          <button
            type="button"
            className="plain compact"
            disabled={found.isFetchingNextPage}
            onClick={() => found.fetchNextPage()}
          >
            {found.isFetchingNextPage ? 'Reading …' : 'Show more'}
          </button>
        )}
      </p>
    </>
  );
}
