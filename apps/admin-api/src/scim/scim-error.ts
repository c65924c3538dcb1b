import type { ProblemError, sendProblem } from '@curfew/web';

/** The form of errors of a protocol that does not write them as problems. */
export type ProblemForm = NonNullable<Parameters<typeof sendProblem>[3]>;

/** The media type of SCIM (RFC 7644 §8.1). */
export const scimMediaType = 'application/scim+json';

/** The detail error keywords (RFC 7644 §3.12, table 9) of the codes of problems. */
const keywords: Readonly<Record<string, string>> = {
  invalid_filter: 'invalidFilter',
  invalid_path: 'invalidPath',
  invalid_value: 'invalidValue',
  invalid_request: 'invalidSyntax',
  invalid_syntax: 'invalidSyntax',
  mutability: 'mutability',
  no_target: 'noTarget',
  username_taken: 'uniqueness',
  email_taken: 'uniqueness',
};

const keywordOf = ({ status, code }: ProblemError): string | undefined =>
  keywords[code] ?? (status === 400 ? 'invalidValue' : undefined);

/** Errors as SCIM writes them (RFC 7644 §3.12), with the code that every answer of this API has. */
export const scimForm: ProblemForm = {
  mediaType: scimMediaType,
  body: (problem, requestId) => {
    const keyword = keywordOf(problem);
    const faults = problem.faults?.map(({ at, detail }) => `${at} ${detail}`).join('; ');
    return {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(problem.status),
      ...(keyword === undefined ? {} : { scimType: keyword }),
      detail: faults ?? problem.detail ?? problem.title,
      code: problem.code,
      ...(problem.faults === undefined ? {} : { faults: problem.faults }),
      ...(requestId === undefined ? {} : { requestId }),
    };
  },
};

/** The form of errors for the target of a request; undefined for that of problems. */
export const errorFormOf = (target = ''): ProblemForm | undefined =>
  /^\/scim(\/|$|\?)/.test(target) ? scimForm : undefined;
