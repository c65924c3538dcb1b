import { InputField } from '../../elements/input-field.js';
import { Facts } from '../../elements/record.js';
import { ChoiceFields, type ServiceFieldsProps } from '../../elements/service-dialog.js';
import { names, type TypedProvider } from './provider-members.js';
import type { Provider } from './provider-queries.js';

type Member = keyof TypedProvider;
type Choice = { readonly [Name in Member]: TypedProvider[Name] extends boolean ? Name : never }[Member];

/** The effect of each choice, in a few words. */
const about = {
  enabled: 'the sign-in page has its button',
  single_sign_on: 'else each sign-in asks there for a new proof',
  links_by_email:
    'of the account that has verified the same address here; whoever runs the provider can sign in as its person',
  creates_accounts: 'for somebody unknown, named by preferred_username or a verified address',
  believes_amr: 'that it tells (amr), so that they count as proved here',
} as const satisfies Record<Choice, string>;

/** The fields of an identity provider. */
export function ProviderFields(props: ServiceFieldsProps<TypedProvider, Provider>) {
  const { form, refusal, registered, field } = props;
  return (
    <>
      {registered ? (
        <Facts
          of={[
            [
              'Redirect URI to register there',
              <span key="at" className="mono">
                {registered.redirect_uri}
              </span>,
            ],
            [
              'For logout tokens',
              <span key="at" className="mono">{`${registered.redirect_uri}/logout`}</span>,
            ],
          ]}
        />
      ) : (
        <InputField
          {...field('id', 'A word, such as corp; the addresses to register there name it')}
          isFirst
        />
      )}
      <InputField {...field('name', 'On the sign-in page: “Sign in with …”')} />
      <InputField {...field('issuer', 'As the provider states it, letter by letter')} />
      <InputField {...field('client_id', 'Under which this service is registered there')} />
      <InputField
        {...field('client_secret', registered ? 'Empty: it keeps the one it has' : undefined)}
        type="password"
      />
      <InputField {...field('scopes', 'Asked for beside openid, with spaces between')} />
      <InputField
        {...field('acr_methods', 'One on each line with its methods, such as gold pwd otp mfa')}
        problem={refusal.atLines('acr_methods', form.typed.acr_methods)}
        lines={2}
      />
      <ChoiceFields names={names} about={about} form={form} />
    </>
  );
}
