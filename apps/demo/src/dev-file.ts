import { readFileSync } from 'node:fs';

/** The part of the first start's file that the demonstrations read. */
export interface DevFile {
  readonly issuer: string;
  readonly gatewayUrl: string;
  readonly clients: {
    readonly api: { readonly client_id: string; readonly client_secret: string; readonly resource: string };
    readonly spa: { readonly client_id: string };
    readonly service: { readonly client_id: string; readonly client_secret: string };
  };
}

/** Reads it from where `npm start` put it, or from CURFEW_DEV_FILE. */
export const readDevFile = (): DevFile =>
  JSON.parse(readFileSync(process.env['CURFEW_DEV_FILE'] || '.curfew/dev.json', 'utf8')) as DevFile;
