import type { PrismaService, Transaction } from '@curfew/persistence';

/** A client or a person who may do everything at the admin API. */
export interface FullAdministrator {
  readonly kind: 'client' | 'account';
  readonly id: string;
}

/**
 * The clients and people who may do everything at the admin API. A client counts if it gets tokens there with every scope and its
 * credentials do not expire. A person counts if they are an operator with every scope and a client exists with which they can sign in.
 */
export class FullAdministrators {
  constructor(
    private readonly prisma: PrismaService,
    /** The audience of the admin API, and every scope it has. */
    private readonly adminApi: { readonly audience: string; readonly scopes: readonly string[] },
  ) {}

  /** At most a hundred of them. */
  async list(tx: Transaction = this.prisma): Promise<readonly FullAdministrator[]> {
    const { audience, scopes } = this.adminApi;
    const all = [...scopes];
    return tx.$queryRaw<FullAdministrator[]>`
      WITH admitted AS (
        SELECT c.id, c.metadata FROM client c
        WHERE c.disabled_at IS NULL AND c.metadata -> 'resources' @> to_jsonb(${audience}::text)
          AND (c.metadata ->> 'scope' IS NULL OR string_to_array(c.metadata ->> 'scope', ' ') @> ${all}::text[])
          AND EXISTS (SELECT 1 FROM resource r WHERE r.audience = ${audience} AND r.token_format = 'opaque' AND r.scopes @> ${all}::text[])
      )
      SELECT 'client' AS kind, a.id FROM admitted a
      WHERE a.metadata -> 'grant_types' ? 'client_credentials'
        AND (a.metadata ->> 'token_endpoint_auth_method' = 'private_key_jwt'
          OR EXISTS (SELECT 1 FROM client_secret s WHERE s.client_id = a.id AND s.expires_at IS NULL))
      UNION ALL
      SELECT 'account', o.account_id::text FROM operator o JOIN account p ON p.id = o.account_id
      WHERE p.disabled_at IS NULL AND o.scopes @> ${all}::text[] AND EXISTS (
        SELECT 1 FROM admitted a
        WHERE a.metadata -> 'grant_types' ?| ARRAY['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'])
      LIMIT 100`;
  }

  /** Makes every change to who may administer wait until the transaction ends. */
  async hold(tx: Transaction): Promise<void> {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('curfew administrators'))`;
  }
}
