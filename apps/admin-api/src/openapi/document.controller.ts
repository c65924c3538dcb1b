import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Answer } from '../contract/answer.js';
import { Operation, operation } from '../contract/operation.js';

/** Where the generated document is provided. */
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

/** The document of the API itself. */
@Controller()
export class DocumentController {
  constructor(@Inject(documentToken) private readonly document: Readonly<Record<string, unknown>>) {}

  @Operation(document)
  show(): Answer {
    return new Answer(200, this.document, { 'Cache-Control': 'public, max-age=300' });
  }
}
