import type { Command } from 'commander';
import { otherServices } from './other-services.js';

/** `curfew transmitters`. */
export const transmitters = (): Command =>
  otherServices({
    name: 'transmitters',
    called: 'services that tell of security events',
    description:
      'Services that tell of security events about people, whose sessions end by it (Shared Signals). A change takes accounts:write and sessions:end. With a token_endpoint, the secret is that of the client there.',
    isPaged: false,
    columns: {
      DELIVERY: ({ delivery }) => delivery,
      ISSUER: ({ issuer }) => issuer,
      'POLL FAULT': ({ poll_fault }) => poll_fault,
    },
    shownOnly: [
      'id',
      'receive_url',
      'polled_at',
      'poll_failures',
      'poll_fault',
      'version',
      'created_at',
      'updated_at',
    ],
    toRegister: ({ receive_url }) => (receive_url === null ? [] : [['push to', receive_url]]),
    secret: { member: 'authorization', words: 'Authorization header or client secret' },
    members: 'issuer, audience, delivery',
    words: {
      show: 'show one, and how polling it went',
      add: 'hear one',
      id: 'a word; events name it by that',
      disable: 'hear nothing of one, until it is enabled',
      enable: 'hear one again',
      remove: 'delete one; what it sends is refused from then on',
      removed: (id) => `Nothing that ${id} tells will end anything any more.`,
    },
  });
