import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { audiencesQuery } from '../../admin-api/names.js';
import { Says } from '../../elements/filter-fields.js';
import { CheckField } from '../../elements/input-field.js';

interface AudienceChoiceProps {
  readonly title: string;
  readonly chosen: readonly string[];
  readonly problem: string | undefined;
  readonly onChange: (chosen: readonly string[]) => void;
}

/** A choice among the registered APIs; one that is chosen and not registered any more stays visible. */
export function AudienceChoice({ title, chosen, problem, onChange }: AudienceChoiceProps) {
  const id = useId();
  const { data: audiences = [] } = useQuery(audiencesQuery);
  return (
    <fieldset className="checks" aria-describedby={problem ? id : undefined}>
      <legend className="small strong">{title}</legend>
      {[...new Set([...audiences, ...chosen])].map((audience) => (
        <CheckField
          key={audience}
          label={<span className="mono">{audience}</span>}
          checked={chosen.includes(audience)}
          onChange={(isOn) =>
            onChange(isOn ? [...chosen, audience] : chosen.filter((one) => one !== audience))
          }
        />
      ))}
      <Says id={id} problem={problem} hint={undefined} />
    </fieldset>
  );
}
