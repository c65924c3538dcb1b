import { account } from './account.js';
import { gateway } from './gateway.js';
import { links } from './links.js';
import { pages } from './pages.js';
import { protocol } from './protocol.js';
import { signIn } from './sign-in.js';

/** Everything that pages say, in English. Its keys are those of every language. */
export const english = { ...pages, ...signIn, ...account, ...protocol, ...gateway, ...links } as const;
