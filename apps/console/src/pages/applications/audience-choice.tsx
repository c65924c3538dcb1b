import { useQuery } from '@tanstack/react-query';
import { firstAudiencesQuery } from '../../admin-api/names.js';
import { ChecksField } from '../../elements/input-field.js';
import { ApiField } from '../../elements/subject-fields.js';
import { ApiName } from '../../elements/subject-names.js';

interface AudienceChoiceProps {
  readonly title: string;
  readonly chosen: readonly string[];
  readonly problem: string | undefined;
  readonly onChange: (chosen: readonly string[]) => void;
}

const named = (audience: string) => <ApiName audience={audience} />;

/** A choice of several among the registered APIs: a box for each where they are few, else a search that adds one after the other. */
export function AudienceChoice({ title, chosen, problem, onChange }: AudienceChoiceProps) {
  const { data: first } = useQuery(firstAudiencesQuery);
  const choices = first?.areAll ? first.audiences : [];
  return (
    <ChecksField labelOf={named} {...{ title, choices, chosen, problem, onChange }}>
      {first?.areAll === false && (
        <ApiField
          key={chosen.length}
          label="Add an API"
          placeholder="its audience or name"
          api=""
          onChange={(audience) => audience && onChange([...new Set([...chosen, audience])])}
        />
      )}
    </ChecksField>
  );
}
