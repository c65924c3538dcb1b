import { Facts } from '../../elements/record.js';
import { ApiName, ApiNames } from '../../elements/subject-names.js';
import { Time } from '../../elements/time.js';
import { kindWords } from './application-kinds.js';
import type { ApplicationDetails } from './application-queries.js';

const methodWords: Readonly<Record<string, string>> = {
  client_secret_basic: 'client secret (Basic)',
  client_secret_post: 'client secret in the body',
  private_key_jwt: 'signed assertion (private_key_jwt)',
  none: 'none: a public client',
};

const grantWords = (grant: string): string => (grant.split(':').at(-1) ?? grant).replaceAll('_', ' ');

/** Texts below each other, each as it is compared. */
function Lines({ of }: { readonly of: readonly string[] }) {
  return (
    <>
      {of.map((line) => (
        <span key={line} className="mono line">
          {line}
        </span>
      ))}
    </>
  );
}

const listed = (value: unknown) => (Array.isArray(value) && value.length > 0 ? <Lines of={value} /> : null);

/** The registration of an application, as people read it. */
export function ApplicationFacts({ application }: { readonly application: ApplicationDetails }) {
  const { grant_types: grants, token_endpoint_auth_method: method } = application;
  const requiresPkce = grants.includes('authorization_code') && application['require_pkce'] !== false;
  return (
    <Facts
      of={[
        ['Kind', kindWords(application)],
        ['Redirect URIs', listed(application.redirect_uris)],
        ['After signing out', listed(application['post_logout_redirect_uris'])],
        ['Grants', grants.map(grantWords).join(', ') || 'none'],
        ['Authentication', methodWords[method] ?? method],
        ['PKCE', requiresPkce ? 'required' : null],
        ['Tokens', application['dpop_bound_access_tokens'] === true ? 'bound to a key (DPoP)' : null],
        ['APIs', application.resources.length > 0 && <ApiNames of={application.resources} />],
        ['Answers for', application.resource && <ApiName key="api" audience={application.resource} />],
        ['Scopes', application.scope ? <code>{application.scope}</code> : null],
        ['Registered', <Time key="at" at={application.client_id_issued_at} />],
        ['Changed', <Time key="at" at={application.updated_at} />],
      ]}
    />
  );
}
