import './apis.css';
import { Link } from '@tanstack/react-router';

/** The two lists of this page. */
export function ApiTabs() {
  return (
    <nav aria-label="APIs and routes" className="tabs">
      <Link to="/apis" activeOptions={{ exact: true }} activeProps={{ 'aria-current': 'page' }}>
        APIs
      </Link>
      <Link to="/apis/routes" activeProps={{ 'aria-current': 'page' }}>
        Gateway routes
      </Link>
    </nav>
  );
}
