import { PrismaService } from '@curfew/persistence';
import { type EventType, type Instant, type RequestSignals } from '@curfew/session-policy';
import { type RiskFinding } from '@curfew/session-policy/decisions';
import { differingSignals } from '@curfew/session-policy/risk';
import { leastIdAt } from '@curfew/tokens';
import { Injectable } from '@nestjs/common';

/** Which events are looked at. */
export interface IncidentQuestion {
  readonly types: readonly EventType[];
  /** Undefined for all clients. */
  readonly clientIds: readonly string[] | undefined;
  readonly from: Instant;
  readonly to: Instant;
}

/** Something that happened to a session, and whether its person was there afterwards. */
export interface Incident {
  readonly sessionId: string;
  readonly clientId: string;
  readonly findings: readonly RiskFinding[];
  /** The same account proved itself to the same client within eight hours, from where the incident came from. */
  readonly cameBack: boolean;
}

interface IncidentRow {
  session_id: string;
  client_id: string;
  data: { readonly signals: RequestSignals; readonly findings?: readonly RiskFinding[] };
  back: RequestSignals | null;
}

/** Incidents that are looked at, newest first, and events of an account after each of them. */
const maxIncidents = 2_000;
const maxLater = 200;
const backWithinHours = 8;

/**
 * Incidents of sessions with what their people did next. A person who signs in, or steps up, from the place that the incident came from was
 * no thief: the thief of a token cannot prove to be its person.
 */
@Injectable()
export class CameBackStore {
  constructor(private readonly prisma: PrismaService) {}

  /** The latest incidents of a span of time, newest first, and whether they are all there were. */
  async find({
    types,
    clientIds,
    from,
    to,
  }: IncidentQuestion): Promise<{ readonly incidents: readonly Incident[]; readonly isComplete: boolean }> {
    const rows = await this.prisma.$queryRaw<IncidentRow[]>`
      SELECT e.session_id::text, e.client_id, e.data, b.signals AS back
      FROM (SELECT * FROM event WHERE type = ANY(${[...types]}::text[]) AND id >= ${leastIdAt(from)}::uuid AND id < ${leastIdAt(to)}::uuid
        AND (${clientIds === undefined} OR client_id = ANY(${[...(clientIds ?? [])]}::text[]))
        ORDER BY id DESC LIMIT ${maxIncidents}) e
      LEFT JOIN LATERAL (
        SELECT data -> 'signals' AS signals
        FROM (SELECT * FROM event WHERE account_id = e.account_id AND id > e.id ORDER BY id LIMIT ${maxLater}) later
        WHERE client_id = e.client_id AND type IN ('session.started', 'session.stepped_up')
          AND at <= e.at + make_interval(hours => ${backWithinHours})
        ORDER BY id LIMIT 1) b ON true
      ORDER BY e.id DESC`;
    const incidents = rows.map(({ session_id: sessionId, client_id: clientId, data, back }) => ({
      sessionId,
      clientId,
      findings: data.findings ?? [],
      cameBack: back !== null && isSamePlace(data.signals, back),
    }));
    return { incidents, isComplete: incidents.length < maxIncidents };
  }
}

/** Whether two requests came from one place: an address changes within its network, and nothing else may differ. */
const isSamePlace = (incident: RequestSignals, back: RequestSignals): boolean =>
  differingSignals(incident, back).every((field) => field === 'ip');
