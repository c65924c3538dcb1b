import type { ClientService } from '@curfew/clients';
import { clientAddressInPath } from '../contract/wire.js';

/**
 * The id of the client that a path names. Registration refuses an id that looks like an address behind `~`, but there may be one from before,
 * which names its own client: the address is read only where no client has that id, so that every client can be shown and disabled.
 */
export async function idOfClient(clients: Pick<ClientService, 'find'>, named: string): Promise<string> {
  const address = clientAddressInPath(named);
  return address === undefined || (await clients.find(named)) ? named : address;
}
