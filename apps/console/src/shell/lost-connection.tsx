import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { watchConnection } from '../admin-api/connection.js';
import { LostNotice } from '../elements/lost-notice.js';

/** Says that the connection is lost. When it is back, everything that the page shows is read again. */
export function LostConnection() {
  const queries = useQueryClient();
  useEffect(() => watchConnection(() => queries.invalidateQueries()), [queries]);
  return <LostNotice />;
}
