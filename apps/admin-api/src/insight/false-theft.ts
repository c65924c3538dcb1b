import { shareEstimate } from '@curfew/insight';
import { Injectable } from '@nestjs/common';
import { written } from '../contract/wire.js';
import { CameBackStore, type Incident } from './came-back.store.js';
import type { InsightQuestion } from './insight-question.js';
import { ReuseEndsStore, type ServedSiblings } from './reuse-ends.store.js';

/** Tells ends for a reused token that met a thief from those that met the person, beside the siblings that met no end. */
@Injectable()
export class FalseTheft {
  constructor(
    private readonly incidents: CameBackStore,
    private readonly reuses: ReuseEndsStore,
  ) {}

  /** The ends and siblings of a span of time, over all and by client. */
  async show({ clientIds, from, to }: InsightQuestion) {
    const types = ['session.reuse_found'] as const;
    const [{ incidents, isComplete }, siblings] = await Promise.all([
      this.incidents.find({ types, clientIds, from, to }),
      this.reuses.siblings(clientIds, from, to),
    ]);
    const clients = new Set([...incidents, ...siblings].map(({ clientId }) => clientId));
    const of = <Counted extends { readonly clientId: string }>(all: readonly Counted[], client: string) =>
      all.filter(({ clientId }) => clientId === client);
    return {
      from: written(from),
      to: written(to),
      ...figuresOf(incidents, siblings),
      complete: isComplete,
      by_client: [...clients]
        .map((client) => ({ client_id: client, ...figuresOf(of(incidents, client), of(siblings, client)) }))
        .sort((a, b) => b.ends - a.ends || b.sessions_with_siblings - a.sessions_with_siblings),
    };
  }
}

const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);

function figuresOf(incidents: readonly Incident[], siblings: readonly ServedSiblings[]) {
  const cameBack = incidents.filter((incident) => incident.cameBack).length;
  return {
    ends: incidents.length,
    came_back_as_themselves: cameBack,
    share: shareEstimate(cameBack, incidents.length),
    siblings_served: sum(siblings.map(({ served }) => served)),
    sessions_with_siblings: sum(siblings.map(({ sessions }) => sessions)),
  };
}
