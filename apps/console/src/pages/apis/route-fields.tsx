import type { Problem } from '../../admin-api/problem.js';
import { SelectField } from '../../elements/filter-fields.js';
import { CheckField, InputField } from '../../elements/input-field.js';
import { problemOfLines } from '../../elements/lines.js';
import { memberTitles, type RouteRevision, type TypedRoute } from './route-members.js';

interface RouteFieldsProps {
  readonly form: RouteRevision;
  readonly problem: Problem | undefined;
}

type TextMember = {
  [Member in keyof TypedRoute]: TypedRoute[Member] extends string ? Member : never;
}[keyof TypedRoute];

/** The properties of a field for a text of the route. */
const textField = ({ form: { typed, change }, problem }: RouteFieldsProps, member: TextMember) => ({
  label: memberTitles[member],
  value: typed[member],
  onChange: (value: string) => change({ [member]: value }),
  problem: problem?.faultOf(member) ?? problemOfLines(problem, member, typed[member]),
});

interface SeveralProps extends RouteFieldsProps {
  readonly member: 'schemes' | 'allow';
  readonly choices: readonly string[];
}

function Several({ form: { typed, change }, problem, member, choices }: SeveralProps) {
  const chosen = typed[member];
  const refused = problem?.faultOf(member);
  return (
    <div className="field">
      <fieldset className="checks">
        <legend className="small strong">{memberTitles[member]}</legend>
        {choices.map((choice) => (
          <CheckField
            key={choice}
            label={choice}
            checked={chosen.includes(choice)}
            onChange={(isOn) =>
              change({ [member]: isOn ? [...chosen, choice] : chosen.filter((one) => one !== choice) })
            }
          />
        ))}
      </fieldset>
      {refused && <p className="problem">{refused}</p>}
    </div>
  );
}

/** The requests that a route is for. */
export function RouteMatchFields(props: RouteFieldsProps) {
  const { typed, change } = props.form;
  return (
    <section className="card stack" aria-label="Requests">
      <h2>Requests</h2>
      <div className="route-fields">
        <InputField
          {...textField(props, 'hosts')}
          lines={2}
          hint="One on each line, in lower case; *. takes one label more"
        />
        <InputField {...textField(props, 'path')} hint="/orders, /orders/*/lines or /orders/**" />
        <InputField {...textField(props, 'methods')} hint="GET POST, with spaces between; empty for all" />
        <Several {...props} member="schemes" choices={['https', 'http']} />
        <Several
          {...props}
          member="allow"
          choices={['encoded-slash', 'encoded-percent', 'semicolon', 'extension']}
        />
        <CheckField
          label={memberTitles.case_sensitive}
          about="only where the upstream distinguishes it, too"
          checked={typed.case_sensitive}
          onChange={(isOn) => change({ case_sensitive: isOn })}
        />
      </div>
    </section>
  );
}

/** The requirements of a route. */
export function RouteRequirementFields(props: RouteFieldsProps) {
  const { typed, change } = props.form;
  const open = (
    <CheckField
      label={memberTitles.public}
      about="no token is needed"
      checked={typed.public}
      onChange={(isOn) => change({ public: isOn })}
    />
  );
  return (
    <section className="card stack" aria-label="Requirements">
      <h2>Requirements</h2>
      {open}
      {!typed.public && (
        <div className="route-fields">
          <InputField {...textField(props, 'scopes')} hint="All of them, with spaces between" />
          <InputField {...textField(props, 'acr')} hint="One of them, with spaces between" />
          <InputField {...textField(props, 'idle')} hint="Such as 15m" />
          <InputField {...textField(props, 'absolute')} hint="Such as 8h" />
          <InputField
            {...textField(props, 'max_auth_age')}
            hint="Such as 5m: asks for a sign-in in between"
          />
          <InputField {...textField(props, 'max_token_age')} hint="Such as 60s" />
          <SelectField
            label={memberTitles.activity}
            value={typed.activity}
            onChange={(activity) => change({ activity })}
          >
            <option value="active">yes</option>
            <option value="passive">no: they come by themselves</option>
          </SelectField>
        </div>
      )}
    </section>
  );
}

/** The way of a request after it has passed. */
export function RouteUpstreamFields(props: RouteFieldsProps) {
  const { typed, change } = props.form;
  return (
    <section className="card stack" aria-label="Upstream">
      <h2>Upstream</h2>
      <div className="route-fields">
        <InputField
          {...textField(props, 'upstream')}
          hint="Empty where another proxy asks the gateway. The gateway’s own file has to list it."
        />
        <InputField
          {...textField(props, 'browser')}
          hint="The client by which the gateway signs people in, by its name in the gateway’s file"
        />
        <InputField
          {...textField(props, 'cors')}
          lines={2}
          hint="One on each line, such as https://shop.example.com"
        />
        <CheckField
          label={memberTitles.pass_token}
          checked={typed.pass_token}
          onChange={(isOn) => change({ pass_token: isOn })}
        />
      </div>
    </section>
  );
}
