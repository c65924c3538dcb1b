import './paged-list.css';
import type { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useReadAt } from '../admin-api/server-time.js';
import type { CsvColumn } from './csv.js';
import { CsvButton, FoundRows, ReadAgain } from './list-parts.js';

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
  const file = `${title.toLowerCase()}.csv`;
  return (
    <div className="heading">
      <h1>{title}</h1>
      <div className="actions">
        <ReadAgain readAt={useReadAt(updated)} onRefresh={onRefresh} />
        <CsvButton file={file} columns={columns} rows={rows} />
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
  return (
    <FoundRows of={label.toLowerCase()} count={rows.length} {...{ found, empty, onRetry }}>
      <div className="entries card">
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
    </FoundRows>
  );
}
