import { contracts } from './features.js';
import { openApiDocument } from './openapi/document.js';

/** The OpenAPI document of the admin API as it is checked in. */
export const openApiText = (): string => `${JSON.stringify(openApiDocument(contracts), null, 1)}\n`;
