import type { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type CsvColumn, csvOf, download } from './csv.js';
import { timeOfDayWords } from './durations.js';
import { ExplainedButton } from './explained-button.js';
import { Icon } from './icon.js';
import { Empty, Failed, Loading } from './states.js';

/** A list as it is read page by page. */
export type FoundPages = Pick<
  ReturnType<typeof useInfiniteQuery>,
  'isPending' | 'isError' | 'error' | 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'
>;

interface ReadAgainProps {
  /** The instant of the service at which the list was read; 0 before that. */
  readonly readAt: number;
  readonly onRefresh: () => void;
}

/** The age of a list, and a way to read it again. */
export function ReadAgain({ readAt, onRefresh }: ReadAgainProps) {
  return (
    <>
      <span className="small quiet read-at">{readAt > 0 && `as of ${timeOfDayWords(readAt)}`}</span>
      <button type="button" className="plain compact" onClick={onRefresh}>
        <Icon name="refresh" />
        Refresh
      </button>
    </>
  );
}

interface FileButtonProps {
  /** Why there is nothing to hand out, in words; undefined where there is something. */
  readonly off: string | undefined;
  /** The name of the file, which says of several tables which one it has. */
  readonly file?: string;
  /** Whether the file is being made. */
  readonly busy?: boolean;
  readonly onAct: () => void;
  /** The kind of file. */
  readonly children?: string;
}

/** A button that hands a list out as a file. */
export function FileButton({ off, file, busy = false, onAct, children = 'CSV' }: FileButtonProps) {
  const hover = file === undefined ? {} : { title: file };
  return (
    <ExplainedButton className="plain compact" off={off} busy={busy} onPress={onAct} {...hover}>
      <Icon name="download" />
      {children}
    </ExplainedButton>
  );
}

interface CsvButtonProps<Row> {
  readonly file: string;
  readonly columns: readonly CsvColumn<Row>[];
  readonly rows: readonly Row[];
}

/** A button that hands rows out as comma-separated values; off while there are none. */
export function CsvButton<Row>({ file, columns, rows }: CsvButtonProps<Row>) {
  const off = rows.length === 0 ? 'There are no rows to hand out.' : undefined;
  return <FileButton off={off} file={file} onAct={() => download(file, csvOf(columns, rows))} />;
}

interface TableHeadingProps<Row> extends CsvButtonProps<Row> {
  readonly title: string;
  /** The button for something new. */
  readonly children?: ReactNode;
}

/** The heading of a table inside of a page, with its rows as a file. */
export function TableHeading<Row>({ title, children, ...file }: TableHeadingProps<Row>) {
  return (
    <div className="heading">
      <h2>{title}</h2>
      <div className="actions">
        <CsvButton {...file} />
        {children}
      </div>
    </div>
  );
}

interface NextPageProps {
  readonly found: FoundPages;
  readonly title?: string;
}

/** A button for the next page of a list, as long as there is one. */
export function NextPage({ found, title = 'Show more' }: NextPageProps) {
  if (!found.hasNextPage) return null;
  return (
    <ExplainedButton
      className="plain compact"
      busy={found.isFetchingNextPage}
      onPress={() => void found.fetchNextPage()}
    >
      {found.isFetchingNextPage ? 'Reading …' : title}
    </ExplainedButton>
  );
}

interface FoundRowsProps {
  /** The rows in one word, such as "sessions". */
  readonly of: string;
  readonly found: FoundPages;
  readonly count: number;
  readonly empty: string;
  /** A way on, for people who have found nothing. */
  readonly advice?: string;
  /** The title of the button for the next page. */
  readonly next?: string;
  readonly onRetry: () => void;
  /** The rows. */
  readonly children: ReactNode;
}

/** The rows of a list in each of its states: being read, failed, empty, and with the number that is shown. */
export function FoundRows({ of, found, count, empty, advice, next, onRetry, children }: FoundRowsProps) {
  if (found.isPending) return <Loading label={`Reading ${of}`} />;
  if (found.isError && count === 0) return <Failed error={found.error} onRetry={onRetry} />;
  if (count === 0 && !found.hasNextPage) return <Empty title={empty}>{advice && <p>{advice}</p>}</Empty>;
  return (
    <>
      {found.isError && <Failed error={found.error} onRetry={onRetry} />}
      {count > 0 && children}
      <p className="more">
        <span className="small quiet">
          {count} shown{found.hasNextPage ? '' : ', that is all'}
        </span>
        <NextPage found={found} {...(next === undefined ? {} : { title: next })} />
      </p>
    </>
  );
}
