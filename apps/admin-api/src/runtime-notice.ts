import { leaveOutRuntimeNotice } from '@curfew/config';

// Imported for its effect, before whatever loads oidc-provider.
leaveOutRuntimeNotice();
