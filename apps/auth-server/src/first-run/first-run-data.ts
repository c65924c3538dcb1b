/** An account of the first start, with its password: made up for this installation, and written nowhere else. */
export interface FirstRunAccount {
  readonly username: string;
  readonly password: string;
}

/** A client of the first start; members that do not apply to it are absent. */
export interface FirstRunClient {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly redirect_uris?: readonly string[];
  readonly post_logout_redirect_uris?: readonly string[];
  /** The audience it serves, or, of `admin`, the one it asks tokens for. */
  readonly resource?: string;
  /** Scope values it may ask for, separated by spaces. */
  readonly scope?: string;
}

/** The names under which scripts and examples know the clients. */
export const clientNames = ['web', 'spa', 'service', 'device', 'api', 'admin', 'console', 'gateway'] as const;

export type ClientName = (typeof clientNames)[number];

/** The data of the first start, as in the file that scripts and examples read. */
export interface FirstRunData {
  readonly issuer: string;
  readonly adminUrl: string;
  readonly gatewayUrl: string;
  readonly consoleUrl: string;
  /** The secret of the cookies in which the gateway keeps the tokens of the console. */
  readonly gatewayCookieSecret: string;
  readonly databaseUrl: string;
  /** The username of the account that is an operator. */
  readonly operator: string;
  readonly accounts: readonly FirstRunAccount[];
  readonly clients: Readonly<Record<ClientName, FirstRunClient>>;
}
