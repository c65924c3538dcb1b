/**
 * A condition on `delivery_cursor c` and `service_state s`: behind the cursor there is something to tell, an event or a count (ADR 49). Only
 * what no transaction under way can precede any more is told.
 */
export const hasNews = `EXISTS (SELECT 1 FROM any_event e
  WHERE (e.xid, e.id) > (c.xid, c.event_id) AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) AND e.era = s.era)`;
