/** One HTTP/1.1 connection to a port of the loopback address. */
export class Connection {
  constructor(port: number, host?: string);
  close(): void;
}
