import { queryOptions } from '@tanstack/react-query';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { readConditions } from '../../elements/conditions.js';
import type { operations } from '../../generated/admin-api.js';

/** The report about the catalogue of controls. */
export type Report = operations['getCompliance']['responses'][200]['content']['application/json'];

/** A document with the judgement on its controls. */
export type Standard = Report['standards'][number];

/** A control with the judgement on it. */
export type Control = Standard['controls'][number];

/** The question of the page, as it stands in the address. */
export type ComplianceSearch = NonNullable<operations['getCompliance']['parameters']['query']>;

const members = ['standard', 'client', 'resource', 'since', 'until'] as const;

/** Reads the question of an address. */
export const readComplianceSearch = (address: Readonly<Record<string, unknown>>): ComplianceSearch =>
  readConditions(members, address);

/** The report that answers a question. */
export const complianceQuery = (search: ComplianceSearch) =>
  queryOptions({
    queryKey: ['compliance', search],
    queryFn: () => bodyOf(adminApi.GET('/v1/compliance', { params: { query: search } })),
  });

/** The report as a file: the signed JWS, or the PDF. */
export const reportFile = (kind: 'signed' | 'printed', search: ComplianceSearch): Promise<Blob> =>
  bodyOf(
    adminApi.GET(`/v1/compliance/${kind}`, { params: { query: search }, parseAs: 'blob' }) as Promise<{
      data?: Blob;
      error?: unknown;
      response: Response;
    }>,
  );
