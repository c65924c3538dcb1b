import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useConnectionLost, watchConnection } from '../admin-api/connection.js';

/** Says that the connection is lost. When it is back, everything that the page shows is read again. */
export function LostConnection() {
  const isLost = useConnectionLost();
  const queries = useQueryClient();
  useEffect(() => watchConnection(() => queries.invalidateQueries()), [queries]);
  return (
    <div className="lost-connection" role="alert">
      {isLost && (
        <p className="notice bad">
          <span className="strong">The connection to the admin API is lost.</span> This page may be old, so
          acts are off. It is tried again every two seconds, and the page is read again when it is back.
        </p>
      )}
    </div>
  );
}
