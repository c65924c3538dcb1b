import type { operations } from '../generated/admin-api.js';

interface ConfirmedEndProps {
  readonly propagation: operations['endSessions']['responses'][200]['content']['application/json']['propagation'];
}

/** Says whether every follower has carried out an end, or when all of them will honour it; nothing where nothing ended. */
export function ConfirmedEnd({ propagation }: ConfirmedEndProps) {
  if (!propagation) return null;
  const { confirmed, confirmed_after_ms: tookMs, honoured_everywhere_within_seconds: within } = propagation;
  return confirmed ? (
    <p>Every gateway and API that follows the feed confirmed it after {tookMs} ms.</p>
  ) : (
    <p>It is honoured everywhere within {within} seconds.</p>
  );
}
