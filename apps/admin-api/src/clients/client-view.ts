import type { Client, ClientDetails } from '@curfew/clients';
import { written, writtenOrNull } from '../contract/wire.js';

/** The members of a client that are not of its registration. */
interface Kept {
  readonly client_id: string;
  readonly client_id_issued_at: string;
  readonly updated_at: string;
  readonly version: number;
  readonly disabled_at: string | null;
  readonly first_run: boolean;
  readonly client_name: string;
  readonly resource: string | null;
}

type ClientOnWire = Kept & Client['metadata'];

/** A client as the wire has it. */
export const clientOnWire = (client: Client): ClientOnWire => ({
  client_id: client.id,
  client_id_issued_at: written(client.createdAt),
  updated_at: written(client.updatedAt),
  version: client.version,
  disabled_at: writtenOrNull(client.disabledAt),
  first_run: client.firstRun,
  client_name: client.name,
  resource: client.resource,
  ...client.metadata,
});

/** A client in a list: without its logo, so that a page stays small. */
export function listedClient(client: Client): Omit<ClientOnWire, 'logo_png'> {
  const { logo_png: _, ...listed } = clientOnWire(client);
  return listed;
}

/** Its secrets as the wire has them. */
export const secretsOnWire = ({ secrets }: Pick<ClientDetails, 'secrets'>) =>
  secrets.map(({ id, createdAt, expiresAt }) => ({
    id,
    created_at: written(createdAt),
    expires_at: writtenOrNull(expiresAt),
  }));
