import type { english } from '../en/index.js';
import type { Translated } from '../translated.js';
import { account } from './account.js';
import { gateway } from './gateway.js';
import { links } from './links.js';
import { pages } from './pages.js';
import { protocol } from './protocol.js';
import { signIn } from './sign-in.js';

/** Everything that pages say, in German. */
export const german: Translated<typeof english> = {
  ...pages,
  ...signIn,
  ...account,
  ...protocol,
  ...gateway,
  ...links,
};
