/** The user PostgreSQL runs as; undefined for the current user. */
export function postgresIdentity(): { uid: number; gid: number; name: string } | undefined;
