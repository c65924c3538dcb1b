import { useConnectionLost } from '../admin-api/connection.js';

/** Says that the connection is lost; nothing while it stands. */
export function LostNotice() {
  const isLost = useConnectionLost();
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
