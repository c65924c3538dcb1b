import { assertions } from './answers-assertions.js';
import { badly } from './answers-badly.js';
import { certificates } from './answers-certificates.js';
import type { DeskCase } from './answers-desk.js';
import { lives } from './answers-lives.js';
import { strangers } from './answers-strangers.js';
import { userinfos } from './answers-userinfo.js';

/** The cases that oidc-provider can answer as well. */
export const desked: readonly DeskCase[] = [
  ...lives,
  ...badly,
  ...assertions,
  ...certificates,
  ...strangers,
  ...userinfos,
];
