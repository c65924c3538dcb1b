import { type Instant, plus, seconds } from '@curfew/session-policy';
import { KeyStore, signJwt } from '@curfew/tokens';
import { ProblemError } from '@curfew/web';
import { Controller, Res } from '@nestjs/common';
import type { Response } from 'express';
import { type Answer, ok } from '../contract/answer.js';
import { Input, type InputOf } from '../contract/input.js';
import { Operation } from '../contract/operation.js';
import * as contracts from './compliance-contracts.js';
import { ComplianceReports, type ReportQuestion } from './compliance-report.js';
import { printReport } from './printed-report.js';

type Query = InputOf<typeof contracts.show>['query'];

/** The length of a period whose beginning is not named. */
const usualPeriod = seconds(90 * 86_400);

/** The demands of documents, the settings that meet them here, and the evidence; to look at, to sign and to print. */
@Controller()
export class ComplianceController {
  constructor(
    private readonly reports: ComplianceReports,
    private readonly keys: KeyStore,
  ) {}

  @Operation(contracts.show)
  async show(@Input() { query, now }: InputOf<typeof contracts.show>): Promise<Answer> {
    return ok(await this.reports.make(questionOf(query, now), now));
  }

  @Operation(contracts.signed)
  async signed(
    @Input() { query, now }: InputOf<typeof contracts.signed>,
    @Res() response: Response,
  ): Promise<void> {
    const report = await this.reports.make(questionOf(query, now), now);
    const claims = { iss: report.issuer, iat: Math.floor(now / 1_000), report };
    const jws = await signJwt(this.keys.current(now), 'ES256', 'compliance-report+jwt', claims);
    send(response, 'application/jwt', 'compliance.jwt', Buffer.from(jws));
  }

  @Operation(contracts.printed)
  async printed(
    @Input() { query, now }: InputOf<typeof contracts.printed>,
    @Res() response: Response,
  ): Promise<void> {
    const report = await this.reports.make(questionOf(query, now), now);
    send(response, 'application/pdf', 'compliance.pdf', await printReport(report));
  }
}

function questionOf({ since, until, ...rest }: Query, now: Instant): ReportQuestion {
  const end = until ?? now;
  const begin = since ?? plus(end, seconds(-usualPeriod));
  if (begin >= end)
    throw new ProblemError({
      status: 400,
      code: 'invalid_request',
      faults: [{ at: 'query/since', detail: 'must be before the end of the period' }],
    });
  return { ...rest, period: { since: begin, until: end } };
}

function send(response: Response, type: string, name: string, body: Buffer): void {
  response.status(200);
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Disposition', `attachment; filename="${name}"`);
  response.end(body);
}
