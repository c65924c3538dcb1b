import { InputField } from '../../elements/input-field.js';
import { linesOf } from '../../elements/lines.js';
import { SecretOnce } from '../../elements/record.js';
import type { Refusal } from '../../elements/refusal.js';
import type { useRevision } from '../../elements/revision.js';
import type { ApplicationDetails } from './application-queries.js';
import { AudienceChoice } from './audience-choice.js';
import { useRegistrationChange } from './registration-change.js';
import { RegistrationForm } from './registration-form.js';

interface ChangeApplicationProps {
  readonly application: ApplicationDetails;
  /** The version that the change is made from. */
  readonly etag: string;
  readonly onDone: () => void;
}

/** The members that are changed here, as they are typed. */
interface Typed {
  readonly client_name: string;
  readonly redirect_uris: string;
  readonly post_logout_redirect_uris: string;
  readonly backchannel_logout_uri: string;
  readonly scope: string;
  readonly resources: readonly string[];
}

const textOf = (value: unknown): string =>
  Array.isArray(value) ? value.join('\n') : typeof value === 'string' ? value : '';

const typedOf = (application: ApplicationDetails): Typed => ({
  client_name: application.client_name,
  redirect_uris: textOf(application.redirect_uris),
  post_logout_redirect_uris: textOf(application['post_logout_redirect_uris']),
  backchannel_logout_uri: textOf(application['backchannel_logout_uri']),
  scope: application.scope ?? '',
  resources: application.resources,
});

const names = {
  client_name: 'Name',
  redirect_uris: 'Redirect URIs',
  post_logout_redirect_uris: 'Addresses after signing out',
  backchannel_logout_uri: 'Address that is told of ends (back-channel logout)',
  scope: 'Scopes',
  resources: 'APIs',
} as const;

const sentOf = (typed: Typed) => ({
  ...typed,
  redirect_uris: linesOf(typed.redirect_uris),
  post_logout_redirect_uris: linesOf(typed.post_logout_redirect_uris),
  backchannel_logout_uri: typed.backchannel_logout_uri.trim() || null,
  scope: typed.scope.trim() || null,
});

/** Changes a registration. If somebody else has saved meanwhile, their changes are shown, and nothing that was typed is lost. */
export function ChangeApplication({ application, etag, onDone }: ChangeApplicationProps) {
  const change = useRegistrationChange({ application, etag, typedOf, sentOf, onDone });
  if (change.secret) return <SecretOnce label="Client secret" value={change.secret} />;
  return (
    <RegistrationForm label="Registration" title="Registration" change={change} names={names} onDone={onDone}>
      <Members form={change.form} refusal={change.refusal} hasCode={hasCode(application)} />
    </RegistrationForm>
  );
}

const hasCode = ({ grant_types: grants }: ApplicationDetails): boolean =>
  grants.includes('authorization_code');

interface MembersProps {
  readonly form: Pick<ReturnType<typeof useRevision<Typed>>, 'typed' | 'change'>;
  readonly refusal: Refusal;
  readonly hasCode: boolean;
}

function Members({ form: { typed, change }, refusal, hasCode: isRedirected }: MembersProps) {
  const text = (member: Exclude<keyof Typed, 'resources'>) => ({
    label: names[member],
    value: typed[member],
    onChange: (value: string) => change({ [member]: value }),
    problem: refusal.at(member),
  });
  const lines = (member: 'redirect_uris' | 'post_logout_redirect_uris') => ({
    ...text(member),
    lines: 3,
    problem: refusal.atLines(member, typed[member]),
    hint: 'One on each line. They are compared letter by letter.',
  });
  return (
    <>
      <InputField {...text('client_name')} />
      {isRedirected && <InputField {...lines('redirect_uris')} />}
      {isRedirected && <InputField {...lines('post_logout_redirect_uris')} />}
      {isRedirected && <InputField {...text('backchannel_logout_uri')} />}
      <InputField
        {...text('scope')}
        hint="Values that it may ask for, with spaces between; empty for all of its APIs"
      />
      <AudienceChoice
        title={names.resources}
        chosen={typed.resources}
        problem={refusal.at('resources')}
        onChange={(resources) => change({ resources })}
      />
    </>
  );
}
