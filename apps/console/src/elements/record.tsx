import './record.css';
import { Link, type LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Icon } from './icon.js';

interface RecordHeadingProps {
  /** The list that the record is in, and its name. */
  readonly back: Pick<LinkProps, 'to' | 'search'>;
  readonly list: string;
  readonly title: string;
  readonly id: string;
  /** Badges beside the title. */
  readonly badges?: ReactNode;
  readonly children?: ReactNode;
}

/** The heading of one record: the way back, its name with its id, and its acts. */
export function RecordHeading({ back, list, title, id, badges, children }: RecordHeadingProps) {
  return (
    <div className="heading">
      <div>
        <p className="small">
          <Link {...back} className="crumb">
            <Icon name="back" />
            {list}
          </Link>
        </p>
        <div className="titled">
          <h1>{title}</h1>
          {badges}
        </div>
        {id !== '' && <p className="small quiet mono">{id}</p>}
      </div>
      <div className="actions">{children}</div>
    </div>
  );
}

interface FactsProps {
  readonly of: readonly (readonly [title: string, value: ReactNode])[];
}

/** Facts by name; one without a value is left out. */
export function Facts({ of }: FactsProps) {
  return (
    <dl className="facts">
      {of
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '')
        .map(([title, value]) => (
          <div key={title} className="pair">
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** A secret that is shown this once, ready to be copied. */
export function SecretOnce({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div className="notice good stack" role="status">
      <p className="strong">{label}</p>
      <p className="secret">
        <code>{value}</code>
        <button
          type="button"
          className="plain compact"
          onClick={(event) => {
            const { currentTarget: button } = event;
            void navigator.clipboard.writeText(value).then(() => {
              button.textContent = 'Copied';
            });
          }}
        >
          Copy
        </button>
      </p>
      <p className="small">It is shown this once. Only its hash is kept.</p>
    </div>
  );
}

/** Gives the focus back to the row of a list that was open. */
export const focusRow = (key: string): number =>
  requestAnimationFrame(() =>
    document.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`)?.focus(),
  );
