import type { Transaction } from '@curfew/persistence';

/** The facts that authority over a client follows from. */
export interface ClientAuthority {
  readonly scope: string | null;
  readonly resources: readonly string[];
  /** The audience it answers for, if it is an API. */
  readonly resource: string | null;
}

/** The attachments of a policy, as its rows say. */
export interface AttachedTarget {
  readonly kind: 'everyone' | 'client' | 'resource';
  readonly target: string;
}

/** Reads the rights of a target; the rows are locked until the transaction ends. */
export class AuthorityStore {
  /** A client, or undefined. */
  async client(id: string, tx: Transaction): Promise<ClientAuthority | undefined> {
    const rows = await tx.$queryRaw<ClientAuthority[]>`
      SELECT metadata ->> 'scope' AS scope, resource,
        ARRAY(SELECT jsonb_array_elements_text(metadata -> 'resources')) AS resources
      FROM client WHERE id = ${id} FOR UPDATE`;
    return rows[0];
  }

  /** The account, so that nobody makes it an operator meanwhile. */
  async holdAccount(id: string, tx: Transaction): Promise<void> {
    await tx.$queryRaw`SELECT 1 FROM account WHERE id = ${id}::uuid FOR UPDATE`;
  }

  /** The attachments of a policy. */
  async attachedTo(policy: string, tx: Transaction): Promise<readonly AttachedTarget[]> {
    return tx.$queryRaw<AttachedTarget[]>`
      SELECT kind, target FROM policy_attachment WHERE policy = ${policy} LIMIT 10000`;
  }

  /** The audience a gateway route leads to, or undefined. */
  async audienceOfRoute(name: string, tx: Transaction): Promise<string | undefined> {
    const rows = await tx.$queryRaw<{ resource: string }[]>`
      SELECT resource FROM gateway_route WHERE name = ${name}`;
    return rows[0]?.resource;
  }
}
