import { PolicyService } from '@curfew/clients';
import {
  type ConfigurationFacts,
  type Control,
  catalogue,
  type JudgedControl,
  judgeAll,
  type StandardId,
  standards,
} from '@curfew/compliance';
import { EventHistory } from '@curfew/events';
import { type Foundation, foundationToken } from '@curfew/foundation';
import type { Instant } from '@curfew/session-policy';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { Usernames } from '../accounts/usernames.store.js';
import { written, writtenOrNull } from '../contract/wire.js';
import { targetOnWire } from '../policies/policy-view.js';
import type { reportSchema } from './compliance-contracts.js';
import {
  type EventEvidence,
  EvidenceStore,
  maxLookedAt,
  type Period,
  type PolicyChange,
} from './evidence.store.js';
import { inForceSince, type PolicyPast } from './in-force.js';
import { type JudgedSubject, Subjects } from './subjects.js';

/** A report on the wire. */
export type ComplianceReport = z.output<typeof reportSchema>;

type ReportedControl = ComplianceReport['standards'][number]['controls'][number];

/** The request for a report. */
export interface ReportQuestion {
  readonly standard?: StandardId | undefined;
  readonly client?: string | undefined;
  readonly resource?: string | undefined;
  readonly period: Period;
}

const maxChanges = 200;

/** Everything that the controls of one report are judged by. */
interface Material {
  readonly subjects: readonly JudgedSubject[];
  readonly judged: readonly (readonly JudgedControl[])[];
  readonly past: PolicyPast;
  readonly counts: readonly EventEvidence[];
  readonly period: Period;
}

/** Judges the catalogue against the policies, the configuration and the events of this installation. */
@Injectable()
export class ComplianceReports {
  readonly #facts: ConfigurationFacts;

  constructor(
    private readonly subjects: Subjects,
    private readonly evidence: EvidenceStore,
    private readonly policies: PolicyService,
    private readonly history: EventHistory,
    private readonly usernames: Usernames,
    @Inject(foundationToken) private readonly foundation: Foundation,
  ) {
    const { configuration } = foundation;
    this.#facts = {
      CURFEW_PASSWORD_MIN_LENGTH: configuration.passwords.minLength,
      CURFEW_THROTTLE_SIGN_IN: configuration.throttles.signIn,
      CURFEW_EVENT_RETENTION: configuration.eventRetention.events,
      CURFEW_ENDED_SESSION_RETENTION: configuration.endedSessionRetention,
    };
  }

  /** Makes a report as it is at `now`. */
  async make(question: ReportQuestion, now: Instant): Promise<ComplianceReport> {
    const { period } = question;
    const asked = standards.filter(({ id }) => question.standard === undefined || id === question.standard);
    const { subjects, leftOut } = await this.subjects.of(question);
    const types = catalogue.flatMap(({ proofs }) => proofs.flatMap(({ event }) => event?.type ?? []));
    const [past, counts, changes, head] = await Promise.all([
      this.#past(subjects),
      this.evidence.counts([...new Set(types)], period),
      this.evidence.changes(period, maxChanges),
      this.history.head(),
    ]);
    const judged = subjects.map((subject) => judgeAll(subject, this.#facts));
    const material = { subjects, judged, past, counts, period };
    return {
      issuer: this.foundation.configuration.issuer,
      made_at: written(now),
      period: { since: written(period.since), until: written(period.until) },
      subjects: subjects.map(subjectOnWire),
      subjects_left_out: leftOut,
      standards: asked.map((standard) => ({
        ...standard,
        controls: catalogue.flatMap((control, index) =>
          control.standard === standard.id ? [controlOnWire(control, index, material)] : [],
        ),
      })),
      changes: await this.#changes(changes),
      head,
    };
  }

  async #past(subjects: readonly JudgedSubject[]): Promise<PolicyPast> {
    const names = [...new Set(subjects.flatMap(({ attached }) => attached.map(({ name }) => name)))];
    const [attachments, ...revisions] = await Promise.all([
      this.evidence.attachments(),
      ...names.map((name) => this.policies.revisions(name)),
    ]);
    return { attachments, revisions: new Map(names.map((name, index) => [name, revisions[index]!])) };
  }

  async #changes(changes: readonly PolicyChange[]): Promise<ComplianceReport['changes']> {
    const names = await this.usernames.of(changes.map(({ actor }) => actor));
    return changes.map(({ at, policy, version, change, actor }) => ({
      at: at.toISOString(),
      policy,
      version,
      change,
      by: (actor && names.get(actor)) ?? actor,
    }));
  }
}

const subjectOnWire = ({ target, name, attached }: JudgedSubject): ComplianceReport['subjects'][number] => ({
  target: targetOnWire(target),
  name,
  policies: attached.map(({ name: policy, revision }) => ({ name: policy, version: revision.version })),
});

function controlOnWire(control: Control, index: number, material: Material): ReportedControl {
  const results = material.subjects.map((_, at) => resultOf(control, index, at, material));
  const states = new Set(results.map(({ state }) => state));
  return {
    section: control.section,
    asks: control.asks,
    note: control.note ?? null,
    state: states.has('not_met') ? 'not_met' : states.has('met') ? 'met' : 'not_applicable',
    results,
    tests: control.proofs.flatMap(({ test }) => (test ? [{ file: test[0], title: test[1] }] : [])),
    events: control.proofs.flatMap(({ event }) =>
      event ? [evidenceOf(event.type, event.reason, material.counts)] : [],
    ),
  };
}

function resultOf(
  control: Control,
  index: number,
  at: number,
  material: Material,
): ReportedControl['results'][number] {
  const { state, checks } = material.judged[at]![index]!;
  const since = state === 'met' ? inForceSince(control, material.subjects[at]!, material.past) : null;
  const isRecorded = state !== 'met' || since !== null;
  return {
    subject: at,
    state,
    in_force_since: writtenOrNull(since),
    throughout: isRecorded ? since !== null && since <= material.period.since : null,
    checks: checks.map(({ check, value, state: one }) => ({
      kind: check.kind,
      setting: 'setting' in check ? check.setting : null,
      asks: check.asks,
      value,
      state: one,
    })),
  };
}

function evidenceOf(
  type: string,
  reason: string | undefined,
  counts: readonly EventEvidence[],
): ReportedControl['events'][number] {
  const ofType = counts.filter((one) => one.type === type);
  const found = ofType.filter((one) => reason === undefined || one.reason === reason);
  const latest = found.toSorted((a, b) => (a.latestId < b.latestId ? 1 : -1))[0];
  return {
    type,
    reason: reason ?? null,
    count: found.reduce((sum, { count }) => sum + count, 0),
    at_least: ofType.reduce((sum, { count }) => sum + count, 0) >= maxLookedAt,
    latest: latest ? { id: latest.latestId, at: latest.latestAt.toISOString() } : null,
  };
}
