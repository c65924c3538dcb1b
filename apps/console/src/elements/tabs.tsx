import './tabs.css';
import { Link, type LinkProps } from '@tanstack/react-router';

interface TabsProps {
  readonly label: string;
  /** The addresses of the lists with their titles; the first is the one from which the others go off. */
  readonly of: readonly (readonly [to: NonNullable<LinkProps['to']>, title: string])[];
}

/** The lists of one page of the navigation. */
export function Tabs({ label, of }: TabsProps) {
  return (
    <nav aria-label={label} className="tabs">
      {of.map(([to, title], place) => (
        <Link
          key={title}
          to={to}
          activeOptions={{ exact: place === 0, includeSearch: false }}
          activeProps={{ 'aria-current': 'page' }}
        >
          {title}
        </Link>
      ))}
    </nav>
  );
}
