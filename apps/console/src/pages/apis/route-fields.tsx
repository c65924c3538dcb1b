import { SelectField } from '../../elements/filter-fields.js';
import { CheckField, ChecksField, InputField } from '../../elements/input-field.js';
import { Facts } from '../../elements/record.js';
import type { Refusal } from '../../elements/refusal.js';
import {
  type ChecksMember,
  members,
  type RouteMember,
  type RouteRevision,
  requestMembers,
  requirementMembers,
  unknownMembers,
  upstreamMembers,
} from './route-members.js';

interface RouteFieldsProps {
  readonly form: RouteRevision;
  readonly refusal: Refusal;
}

interface MemberFieldProps extends RouteFieldsProps {
  readonly name: RouteMember;
}

/** The field of a member, by the way it is typed. */
export function MemberField({ form, refusal, name }: MemberFieldProps) {
  const { title, look } = members[name];
  const value = form.typed[name];
  const change = (next: typeof value) => form.change({ [name]: next });
  const refused =
    look.kind === 'text' && look.lines ? refusal.atLines(name, String(value)) : refusal.at(name);
  switch (look.kind) {
    case 'text':
      return (
        <InputField
          label={title}
          value={value as string}
          onChange={change}
          problem={refused}
          {...(look.lines ? { lines: look.lines } : {})}
          hint={look.hint}
        />
      );
    case 'choice': {
      const choices = Object.entries(
        Object.assign({ ...look.words, [String(value)]: String(value) }, look.words),
      );
      return (
        <SelectField label={title} value={value as string} problem={refused} onChange={change}>
          {choices.map(([choice, words]) => (
            <option key={choice} value={choice}>
              {words}
            </option>
          ))}
        </SelectField>
      );
    }
    case 'flag':
      return (
        <CheckField
          label={title}
          {...(look.about ? { about: look.about } : {})}
          checked={value as boolean}
          onChange={change}
        />
      );
    case 'checks':
      return (
        <ChecksField
          title={title}
          choices={look.choices}
          chosen={value as ChecksMember['fresh']}
          problem={refused}
          onChange={change}
        />
      );
  }
}

/** The fields of a part of the table, in its order. */
function Fields({ of, ...props }: RouteFieldsProps & { readonly of: object }) {
  return (
    <div className="route-fields">
      {(Object.keys(of) as RouteMember[]).map((name) => (
        <MemberField key={name} {...props} name={name} />
      ))}
    </div>
  );
}

/** The requests that a route is for. */
export function RouteMatchFields(props: RouteFieldsProps) {
  return (
    <section className="card stack" aria-label="Requests">
      <h2>Requests</h2>
      <Fields {...props} of={requestMembers} />
    </section>
  );
}

/** The requirements of a route. */
export function RouteRequirementFields(props: RouteFieldsProps) {
  const unknown = unknownMembers(props.form.typed);
  return (
    <section className="card stack" aria-label="Requirements">
      <h2>Requirements</h2>
      <MemberField {...props} name="public" />
      {!props.form.typed.public && <Fields {...props} of={requirementMembers} />}
      {unknown.length > 0 && (
        <>
          <p className="notice">This console does not know these members. They stay as they are.</p>
          <Facts of={unknown} />
        </>
      )}
    </section>
  );
}

/** The way of a request after it has passed. */
export function RouteUpstreamFields(props: RouteFieldsProps) {
  return (
    <section className="card stack" aria-label="Upstream">
      <h2>Upstream</h2>
      <Fields {...props} of={upstreamMembers} />
    </section>
  );
}
