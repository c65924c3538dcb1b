import { short } from '../../elements/figures.js';
import { reasonWords } from '../../elements/words.js';

/** The figures that a step rests on. */
export function NumbersOf({ numbers }: { readonly numbers: Readonly<Record<string, unknown>> }) {
  const entries = Object.entries(numbers);
  if (entries.length === 0) return null;
  return (
    <details>
      <summary className="small">Figures</summary>
      <dl className="facts small">
        {entries.map(([name, value]) => (
          <div key={name} className="fact">
            <dt>{reasonWords(name)}</dt>
            <dd>{figureWords(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

const figureWords = (value: unknown): string => {
  if (typeof value === 'number') return short(value);
  return Array.isArray(value) ? value.map(String).join('; ') : String(value);
};
