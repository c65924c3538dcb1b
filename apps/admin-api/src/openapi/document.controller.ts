import { Controller, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { z } from 'zod';
import { Answer } from '../contract/answer.js';
import { Operation, operation } from '../contract/operation.js';
import { documentPage, pagePolicy } from './page.js';

/** The provider token of the generated document. */
export const documentToken = Symbol('openapi document');

const document = operation({
  id: 'getDocument',
  method: 'get',
  path: '/v1/openapi.json',
  tag: 'service',
  summary: 'This document.',
  scope: null,
  answers: { 200: { description: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()) } },
});

const page = operation({
  id: 'browseDocument',
  method: 'get',
  path: '/docs',
  tag: 'service',
  summary: 'This document as a page.',
  scope: null,
  answers: { 200: { description: 'A page without script.', schema: z.string(), mediaType: 'text/html' } },
});

/** The document of the API itself. */
@Controller()
export class DocumentController {
  constructor(@Inject(documentToken) private readonly document: Readonly<Record<string, unknown>>) {}

  @Operation(document)
  show(): Answer {
    return new Answer(200, this.document, { 'Cache-Control': 'public, max-age=300' });
  }

  @Operation(page)
  browse(@Res() response: Response): void {
    response.setHeader('Content-Security-Policy', pagePolicy);
    response.setHeader('X-Frame-Options', 'DENY');
    response.type('html').send(documentPage(this.document));
  }
}
