import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { firstAudiencesQuery } from '../../admin-api/names.js';
import { Says } from '../../elements/filter-fields.js';
import { CheckField } from '../../elements/input-field.js';
import { ApiField } from '../../elements/subject-fields.js';

interface AudienceChoiceProps {
  readonly title: string;
  readonly chosen: readonly string[];
  readonly problem: string | undefined;
  readonly onChange: (chosen: readonly string[]) => void;
}

/**
 * A choice of several among the registered APIs: a box for each where they are few, else a search that adds one after the other. One that
 * is chosen stays visible, even where it is not registered any more.
 */
export function AudienceChoice({ title, chosen, problem, onChange }: AudienceChoiceProps) {
  const id = useId();
  const { data: first } = useQuery(firstAudiencesQuery);
  const shown = first?.areAll ? first.audiences : [];
  return (
    <fieldset className="checks" aria-describedby={problem ? id : undefined}>
      <legend className="small strong">{title}</legend>
      {[...new Set([...shown, ...chosen])].map((audience) => (
        <CheckField
          key={audience}
          label={<span className="mono">{audience}</span>}
          checked={chosen.includes(audience)}
          onChange={(isOn) =>
            onChange(isOn ? [...chosen, audience] : chosen.filter((one) => one !== audience))
          }
        />
      ))}
      {first?.areAll === false && (
        <ApiField
          key={chosen.length}
          label="Add an API"
          placeholder="its audience or name"
          api=""
          onChange={(audience) => audience && onChange([...new Set([...chosen, audience])])}
        />
      )}
      <Says id={id} problem={problem} hint={undefined} />
    </fieldset>
  );
}
