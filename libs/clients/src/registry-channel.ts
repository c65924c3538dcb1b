import type { Transaction } from '@curfew/persistence';

/** The NOTIFY channel on which changes of clients, resources and policies are announced to all processes. */
export const registryChannel = 'curfew_registry';

/** An announced change. Policies and their attachments are announced together, because they are read together. */
export type RegistryChange =
  | { readonly kind: 'client'; readonly id: string }
  | { readonly kind: 'resource'; readonly id: string }
  | { readonly kind: 'policies' };

/**
 * Announces a change in the transaction that makes it, so that whoever hears of it can read it. NOTIFY serialises commits
 * across the whole database server, which is why only these rare changes use it and no token ever does.
 */
export const announce = async (db: Transaction, change: RegistryChange): Promise<void> => {
  await db.$executeRaw`SELECT pg_notify(${registryChannel}, ${JSON.stringify(change)})`;
};

/** Reads an announcement; null for what another version of the product may have sent. */
export const readChange = (payload: string): RegistryChange | null => {
  try {
    const { kind, id } = JSON.parse(payload) as { kind?: unknown; id?: unknown };
    if (kind === 'policies') return { kind };
    if ((kind === 'client' || kind === 'resource') && typeof id === 'string') return { kind, id };
  } catch {
    // Handled below: an unreadable announcement may have meant any change.
  }
  return null;
};
