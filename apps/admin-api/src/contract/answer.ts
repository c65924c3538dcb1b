import { createHash } from 'node:crypto';

/** The response of a handler that throws no problem. */
export class Answer {
  constructor(
    readonly status: number,
    readonly body: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}
}

/** The ETag of a version, or of another text that differs with every change. */
export const etagOf = (version: number | string): string => `"${version}"`;

/** The version of something that counts none: another text for each of its states. */
export const versionOfState = (state: unknown): string =>
  createHash('sha256').update(JSON.stringify(state)).digest('base64url').slice(0, 22);

/** 200 with a body; `version` becomes the ETag a change must name. */
export const ok = (body: unknown, version?: number | string): Answer =>
  new Answer(200, body, version === undefined ? {} : { ETag: etagOf(version) });

/** 201 with where the new thing is found. */
export const created = (body: unknown, location: string, version?: number): Answer =>
  new Answer(201, body, {
    Location: location,
    ...(version === undefined ? {} : { ETag: etagOf(version) }),
  });

/** 204. */
export const nothing = (): Answer => new Answer(204, undefined);
