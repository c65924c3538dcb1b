import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import type { operations } from '../../generated/admin-api.js';

/** An order to end sessions. */
export type EndOrder = operations['endSessions']['requestBody']['content']['application/json'];

/** The ends that came of an order. */
export type Outcome = operations['endSessions']['responses'][200]['content']['application/json'];

/** Carries an order out, or counts what it would end. */
export const endSessions = (order: EndOrder): Promise<Outcome> =>
  bodyOf(adminApi.POST('/v1/sessions/end', { body: order }));

/**
 * Ends every live session of a search. One request ends a part of a large search, and the others live until it is sent again; so it is sent
 * until none is left, or the dialog is closed. `onEnded` is called when it stops for whatever reason, if anything has ended.
 */
export function useEndOfSearch(order: EndOrder, onEnded: () => void) {
  const [soFar, setSoFar] = useState<Outcome>();
  const isOpen = useRef(true);
  useEffect(() => {
    isOpen.current = true;
    return () => {
      isOpen.current = false;
    };
  }, []);
  const end = useMutation({
    mutationFn: async () => {
      let all: Outcome | undefined;
      setSoFar(undefined);
      try {
        for (;;) {
          const part = await endSessions(order);
          all = together(all, part);
          if (all.complete || part.recorded === 0 || !isOpen.current) return all;
          setSoFar(all);
        }
      } finally {
        if (all) onEnded();
      }
    },
  });
  return { end, soFar };
}

function together(before: Outcome | undefined, part: Outcome): Outcome {
  if (!before) return part;
  return {
    ...part,
    matched: (before.matched ?? 0) + (part.matched ?? 0),
    recorded: before.recorded + part.recorded,
    along: before.along + part.along,
    browsers: before.browsers + part.browsers,
    propagation: part.propagation ?? before.propagation,
  };
}
