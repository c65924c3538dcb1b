import { SelectField } from '../../elements/filter-fields.js';
import { ChecksField, InputField } from '../../elements/input-field.js';
import { Facts } from '../../elements/record.js';
import { ChoiceFields, type ServiceFieldsProps } from '../../elements/service-dialog.js';
import { Time } from '../../elements/time.js';
import { names, signals, type TypedTransmitter } from './transmitter-members.js';
import type { Transmitter } from './transmitter-queries.js';

/** The effect of each choice, in a few words. */
const about = {
  matches_email: 'that their account has verified; it can then end the sessions of all who have one',
  enabled: 'what it tells ends sessions',
};

/** The fields of a transmitter. */
export function TransmitterFields(props: ServiceFieldsProps<TypedTransmitter, Transmitter>) {
  const { form, refusal, registered, field } = props;
  const { typed, change } = form;
  const isPolled = typed.delivery === 'poll';
  return (
    <>
      {registered ? (
        <Facts of={stateOf(registered)} />
      ) : (
        <InputField {...field('id', 'A word, such as corp, by which events name it')} isFirst />
      )}
      <InputField {...field('issuer', 'As its tokens state it (iss), letter by letter')} />
      <InputField {...field('audience', 'As its tokens state it (aud), letter by letter')} />
      <SelectField
        {...field('delivery')}
        onChange={(value) => change({ delivery: value === 'poll' ? 'poll' : 'push' })}
      >
        <option value="push">it pushes its tokens (RFC 8935)</option>
        <option value="poll">they are fetched (RFC 8936)</option>
      </SelectField>
      {isPolled && (
        <>
          <InputField {...field('endpoint_url')} />
          <InputField {...field('token_endpoint', 'Empty: it is polled by the header below')} />
          <InputField {...field('client_id', 'Under which this service is registered there')} />
          <InputField {...field('token_scope', 'Such as ssf.read; empty: its default')} />
        </>
      )}
      <InputField
        {...field('authorization', registered ? 'Empty: it keeps the one it has' : secretHint(typed))}
        type="password"
      />
      <InputField {...field('jwks_uri', 'Empty: its metadata names it')} />
      <InputField {...field('subject_issuer', 'Empty: its own issuer')} />
      <ChecksField
        title={names.signals}
        choices={signals}
        chosen={typed.signals}
        problem={refusal.at('signals')}
        labelOf={(signal) => <span className="mono">{signal}</span>}
        onChange={(chosen) => change({ signals: signals.filter((signal) => chosen.includes(signal)) })}
      />
      <ChoiceFields names={names} about={about} form={form} />
    </>
  );
}

/** The kind of secret that is asked for: the API has one member for the three. */
function secretHint({ delivery, token_endpoint }: TypedTransmitter): string {
  if (delivery === 'push') return 'The whole header, such as Bearer …, that it sends with its tokens';
  return token_endpoint === ''
    ? 'The whole header, such as Bearer …, that is sent to it'
    : 'The client secret, for which the token endpoint gives access tokens';
}

/** The address that it pushes to, or how polling it went. */
const stateOf = ({ receive_url, polled_at, poll_failures, poll_fault }: Transmitter) =>
  [
    [
      'Address that it pushes to',
      receive_url && (
        <span key="at" className="mono">
          {receive_url}
        </span>
      ),
    ],
    ['Last answer to a poll', polled_at && <Time key="at" at={polled_at} />],
    ['Polls that failed since then', poll_failures > 0 && String(poll_failures)],
    ['Fault of the last one', poll_fault],
  ] as const;
