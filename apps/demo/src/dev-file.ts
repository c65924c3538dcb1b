import { readFileSync } from 'node:fs';

/** What the demonstrations need of the file that the first start wrote. */
export interface DevFile {
  readonly issuer: string;
  readonly gatewayUrl: string;
  readonly clients: {
    readonly api: { readonly client_id: string; readonly client_secret: string; readonly resource: string };
    readonly service: { readonly client_id: string; readonly client_secret: string };
  };
}

/** Reads it from where `npm start` put it, or from CURFEW_DEV_FILE. */
export const readDevFile = (): DevFile =>
  JSON.parse(readFileSync(process.env['CURFEW_DEV_FILE'] || '.curfew/dev.json', 'utf8')) as DevFile;
