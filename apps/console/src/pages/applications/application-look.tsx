import { useState } from 'react';
import { ActButton } from '../../elements/act-button.js';
import { Says } from '../../elements/filter-fields.js';
import { InputField } from '../../elements/input-field.js';
import type { ApplicationDetails } from './application-queries.js';
import { LookPreview } from './look-preview.js';
import { useRegistrationChange } from './registration-change.js';
import { RegistrationForm } from './registration-form.js';

interface ApplicationLookProps {
  readonly application: ApplicationDetails;
  /** The version that a change is made from. */
  readonly etag: string;
}

/** The look of an application, as it is typed; empty where it has none. */
interface Typed {
  readonly logo_png: string;
  readonly accent_color_light: string;
  readonly accent_color_dark: string;
}

const names = {
  logo_png: 'Logo',
  accent_color_light: 'Colour on light pages',
  accent_color_dark: 'Colour on dark pages',
} as const;

const typedOf = (application: ApplicationDetails): Typed => ({
  logo_png: String(application['logo_png'] ?? ''),
  accent_color_light: String(application['accent_color_light'] ?? ''),
  accent_color_dark: String(application['accent_color_dark'] ?? ''),
});

const sentOf = (typed: Typed) => ({
  logo_png: typed.logo_png || null,
  accent_color_light: typed.accent_color_light.trim() || null,
  accent_color_dark: typed.accent_color_dark.trim() || null,
});

/** The logo and the colours of an application on the pages of sign-in and consent. */
export function ApplicationLook({ application, etag }: ApplicationLookProps) {
  const [isChanging, setChanging] = useState(false);
  if (!application.grant_types.some((grant) => /authorization_code|device_code/.test(grant))) return null;
  if (isChanging)
    return <ChangeLook application={application} etag={etag} onDone={() => setChanging(false)} />;
  const look = typedOf(application);
  const hasLook = Object.values(look).some(Boolean);
  return (
    <section className="card stack" aria-label="Look">
      <h2>Look of its sign-in</h2>
      {hasLook ? (
        <LookPreview name={application.client_name} look={look} />
      ) : (
        <p className="quiet">No logo and no colours of its own: people see those of the installation.</p>
      )}
      <ActButton scope="clients:write" onAct={() => setChanging(true)}>
        {hasLook ? 'Change the look' : 'Give it a look'}
      </ActButton>
    </section>
  );
}

interface ChangeLookProps extends ApplicationLookProps {
  readonly onDone: () => void;
}

function ChangeLook({ application, etag, onDone }: ChangeLookProps) {
  const change = useRegistrationChange({ application, etag, typedOf, sentOf, onDone });
  const { form, refusal } = change;
  const colour = (member: 'accent_color_light' | 'accent_color_dark', hint: string) => ({
    label: names[member],
    value: form.typed[member],
    hint,
    onChange: (value: string) => form.change({ [member]: value }),
    problem: refusal.at(member),
  });
  return (
    <RegistrationForm label="Look" title="Look of its sign-in" change={change} names={names} onDone={onDone}>
      <LogoField
        value={form.typed.logo_png}
        problem={refusal.at('logo_png')}
        onChange={(logo_png) => form.change({ logo_png })}
      />
      <InputField {...colour('accent_color_light', 'Such as #0b5d3b, for links and buttons')} />
      <InputField {...colour('accent_color_dark', 'Such as #8fdcaa')} />
      <LookPreview name={application.client_name} look={form.typed} />
    </RegistrationForm>
  );
}

interface LogoFieldProps {
  readonly value: string;
  readonly problem: string | undefined;
  readonly onChange: (base64: string) => void;
}

function LogoField({ value, problem, onChange }: LogoFieldProps) {
  const hint = 'A PNG of at most 32 KiB and 512 pixels along each side';
  return (
    <div className="field">
      <label htmlFor="look-logo">{names.logo_png}</label>
      <input
        id="look-logo"
        type="file"
        accept="image/png"
        aria-invalid={problem ? true : undefined}
        aria-describedby="look-logo-says"
        onChange={({ target: { files } }) => {
          const [file] = files ?? [];
          if (file) void base64Of(file).then(onChange);
        }}
      />
      <Says id="look-logo-says" problem={problem} hint={hint} />
      {value && (
        <button type="button" className="plain compact" onClick={() => onChange('')}>
          Take the logo away
        </button>
      )}
    </div>
  );
}

async function base64Of(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
