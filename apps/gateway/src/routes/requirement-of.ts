import type { Requirement } from '@curfew/resource-server';
import { contextsMeeting } from '@curfew/session-policy/authentication';

/** The requirements of a route, from the routes file or as an operator keeps it; lengths of time are whole seconds. */
export interface WrittenRequirement {
  readonly scopes: readonly string[];
  readonly acr: readonly string[];
  readonly activity: 'active' | 'passive';
  readonly limits: {
    readonly maxTokenAge: number | undefined;
    readonly maxAuthAge: number | undefined;
    readonly idle: number | undefined;
    readonly absolute: number | undefined;
  };
}

/**
 * The requirements of a route as they are checked. The result has every field, so the compiler asks for a new one here, and then in both
 * sources of routes.
 */
export const requirementOf = ({
  scopes,
  acr,
  activity,
  limits,
}: WrittenRequirement): Required<Requirement> => ({
  scopes,
  acrValues: contextsMeeting(acr),
  maxTokenAge: limits.maxTokenAge,
  maxAuthAge: limits.maxAuthAge,
  maxIdle: limits.idle,
  maxSessionAge: limits.absolute,
  passive: activity === 'passive',
});
