import { Link } from '@tanstack/react-router';

/** The two lists of this page. */
export function PeopleTabs() {
  return (
    <nav aria-label="People and identity providers" className="tabs">
      <Link to="/people" activeOptions={{ exact: true }} activeProps={{ 'aria-current': 'page' }}>
        People
      </Link>
      <Link to="/people/identity-providers" activeProps={{ 'aria-current': 'page' }}>
        Identity providers
      </Link>
    </nav>
  );
}
