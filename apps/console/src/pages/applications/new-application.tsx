import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { SendButton } from '../../elements/act-button.js';
import { Dialog } from '../../elements/dialog.js';
import { CheckField, InputField } from '../../elements/input-field.js';
import { linesOf } from '../../elements/lines.js';
import { Facts, SecretOnce } from '../../elements/record.js';
import { refusalOf } from '../../elements/refusal.js';
import { Failed } from '../../elements/states.js';
import { ApiField } from '../../elements/subject-fields.js';
import { type ApplicationKind, applicationKinds, registrationOf, type Wanted } from './application-kinds.js';
import { AudienceChoice } from './audience-choice.js';

interface NewApplicationProps {
  readonly onClose: () => void;
  readonly onMade: () => void;
}

/** Registers an application: its kind sets what the standards say, and the rest is asked for. */
export function NewApplication({ onClose, onMade }: NewApplicationProps) {
  const [kind, setKind] = useState<ApplicationKind>();
  return kind ? (
    <DescribeApplication kind={kind} onBack={() => setKind(undefined)} onClose={onClose} onMade={onMade} />
  ) : (
    <Dialog title="What kind of application is it?" onClose={onClose}>
      <ul className="kinds">
        {applicationKinds.map((one, index) => (
          <li key={one.name}>
            <button
              type="button"
              className="plain kind"
              data-first={index === 0 ? true : undefined}
              onClick={() => setKind(one)}
            >
              <span>{one.title}</span>
              <span className="small quiet">{one.about}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

interface DescribeApplicationProps extends NewApplicationProps {
  readonly kind: ApplicationKind;
  readonly onBack: () => void;
}

const nothing: Wanted = { name: '', redirects: [], resources: [], resource: '', dpop: false };

function DescribeApplication({ kind, onBack, onClose, onMade }: DescribeApplicationProps) {
  const [wanted, setWanted] = useState(nothing);
  const [redirects, setRedirects] = useState('');
  const register = useMutation({
    mutationFn: () =>
      bodyOf(
        adminApi.POST('/v1/clients', {
          body: registrationOf(kind, { ...wanted, redirects: linesOf(redirects) }),
        }),
      ),
    onSuccess: onMade,
  });
  const access = kind.name === 'api' ? 'resource' : 'resources';
  const fields = ['client_name', access, ...(kind.redirect ? ['redirect_uris'] : [])];
  const { at, atLines, rest } = refusalOf(register.error, fields, { unknown_resource: access });
  const change = (more: Partial<Wanted>) => setWanted({ ...wanted, ...more });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    register.mutate();
  };
  if (register.data) return <Registered made={register.data} onClose={onClose} />;
  return (
    <Dialog title={`New: ${kind.title}`} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <InputField
          label="Name"
          isFirst
          value={wanted.name}
          onChange={(name) => change({ name })}
          problem={at('client_name')}
          hint="People see it when they sign in"
        />
        <Redirects
          kind={kind}
          value={redirects}
          onChange={setRedirects}
          problem={atLines('redirect_uris', redirects)}
        />
        <Access kind={kind} wanted={wanted} onChange={change} problem={at(access)} />
        <Follows kind={kind} />
        <Failed error={rest} />
        <div className="actions">
          <button type="button" className="plain" onClick={onBack}>
            Another kind
          </button>
          <SendButton scope="clients:write" type="submit" busy={register.isPending}>
            {register.isPending ? 'Registering …' : 'Register'}
          </SendButton>
        </div>
      </form>
    </Dialog>
  );
}

interface AccessProps {
  readonly kind: ApplicationKind;
  readonly wanted: Wanted;
  readonly onChange: (more: Partial<Wanted>) => void;
  readonly problem: string | undefined;
}

interface RedirectsProps {
  readonly kind: ApplicationKind;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly problem: string | undefined;
}

function Redirects({ kind, value, onChange, problem }: RedirectsProps) {
  if (!kind.redirect) return null;
  return (
    <InputField
      label={kind.mayLackRedirect ? 'Redirect URIs, if it can open a browser' : 'Redirect URIs'}
      lines={3}
      value={value}
      onChange={onChange}
      problem={problem}
      hint={`One on each line, such as ${kind.redirect}. They are compared letter by letter (RFC 9700 §2.1).`}
    />
  );
}

/** The APIs that it may ask tokens for and the binding of these, or the one that it answers for. */
function Access({ kind, wanted, onChange, problem }: AccessProps) {
  if (kind.name === 'api')
    return (
      <ApiField
        label="The API that it answers for"
        placeholder="choose one"
        api={wanted.resource}
        problem={problem}
        hint="APIs are registered on the page of APIs."
        onChange={(resource) => onChange({ resource: resource ?? '' })}
      />
    );
  return (
    <>
      <AudienceChoice
        title="APIs that it may ask tokens for"
        chosen={wanted.resources}
        problem={problem}
        onChange={(resources) => onChange({ resources })}
      />
      <CheckField
        label="Bind its tokens to a key (DPoP)"
        about="a stolen token is useless without the key (RFC 9449); the application has to send proofs"
        checked={wanted.dpop}
        onChange={(dpop) => onChange({ dpop })}
      />
    </>
  );
}

/** The members that the kind sets, and why. */
function Follows({ kind }: { readonly kind: ApplicationKind }) {
  return (
    <details>
      <summary>This kind sets {kind.follows.map(({ member }) => member.toLowerCase()).join(' and ')}</summary>
      <dl className="facts small">
        {kind.follows.map(({ member, value, why }) => (
          <div key={member} className="pair">
            <dt>{member}</dt>
            <dd>
              {value}
              <br />
              <span className="quiet">{why}</span>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

interface RegisteredProps {
  readonly made: {
    readonly client_id: string;
    readonly client_name: string;
    readonly client_secret?: string;
  };
  readonly onClose: () => void;
}

function Registered({ made, onClose }: RegisteredProps) {
  return (
    <Dialog title={`${made.client_name} is registered`} onClose={onClose}>
      <Facts of={[['Client id', <code key="id">{made.client_id}</code>]]} />
      {made.client_secret && <SecretOnce label="Client secret" value={made.client_secret} />}
      <div className="actions">
        <Link
          to="/applications/$id"
          params={{ id: made.client_id }}
          className="button plain"
          onClick={onClose}
        >
          Open this application
        </Link>
        <button type="button" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
