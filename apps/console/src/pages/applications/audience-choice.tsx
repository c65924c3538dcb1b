import { useQuery } from '@tanstack/react-query';
import { audiencesQuery } from '../../admin-api/names.js';
import { CheckField } from '../../elements/input-field.js';

interface AudienceChoiceProps {
  readonly title: string;
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

/** A choice among the registered APIs; one that is chosen and not registered any more stays visible. */
export function AudienceChoice({ title, chosen, onChange }: AudienceChoiceProps) {
  const { data: audiences = [] } = useQuery(audiencesQuery);
  return (
    <fieldset className="checks">
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
    </fieldset>
  );
}
