import type { IncomingMessage } from 'node:http';
import { refuseForeignForm } from './same-origin.js';

const submit = (headers: Record<string, string>) => () =>
  refuseForeignForm({ headers } as unknown as IncomingMessage, 'https://id.example.test');

it.each([
  ['from our own page', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
  ['by reloading', { 'sec-fetch-site': 'none' }],
  ['by an older browser', { origin: 'https://id.example.test' }],
  ['by an older browser that keeps the origin to itself', { origin: 'null' }],
  ['by a program', {}],
])('lets a form through that is submitted %s', (_, headers) => {
  expect(submit(headers)).not.toThrow();
});

it.each([
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
  [
    'another site that claims our origin',
    { 'sec-fetch-site': 'cross-site', origin: 'https://id.example.test' },
  ],
  ['a sibling host', { 'sec-fetch-site': 'same-site' }],
  ['another origin, in an older browser', { origin: 'https://id.example.test.evil.example' }],
  ['another scheme, in an older browser', { origin: 'http://id.example.test' }],
])('refuses a form from %s', (_, headers) => {
  expect(submit(headers)).toThrow(expect.objectContaining({ status: 403 }));
});
