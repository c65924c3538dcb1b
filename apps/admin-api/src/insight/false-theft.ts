import { shareEstimate } from '@curfew/insight';
import { Injectable } from '@nestjs/common';
import { written } from '../contract/wire.js';
import { CameBackStore, type Incident } from './came-back.store.js';
import type { InsightQuestion } from './insight-question.js';

/** Tells ends for a reused token that met a thief from those that met the person. */
@Injectable()
export class FalseTheft {
  constructor(private readonly incidents: CameBackStore) {}

  /** The ends of a span of time, over all and by client. */
  async show({ clientIds, from, to }: InsightQuestion) {
    const { incidents, isComplete } = await this.incidents.find({
      types: ['session.reuse_found'],
      clientIds,
      from,
      to,
    });
    const byClient = new Map<string, Incident[]>();
    for (const incident of incidents) {
      const own = byClient.get(incident.clientId);
      if (own) own.push(incident);
      else byClient.set(incident.clientId, [incident]);
    }
    return {
      from: written(from),
      to: written(to),
      ...figuresOf(incidents),
      complete: isComplete,
      by_client: [...byClient]
        .map(([clientId, own]) => ({ client_id: clientId, ...figuresOf(own) }))
        .sort((a, b) => b.ends - a.ends),
    };
  }
}

function figuresOf(incidents: readonly Incident[]) {
  const cameBack = incidents.filter((incident) => incident.cameBack).length;
  return {
    ends: incidents.length,
    came_back_as_themselves: cameBack,
    share: shareEstimate(cameBack, incidents.length),
  };
}
