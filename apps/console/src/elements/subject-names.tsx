import { useApiName, useClientName } from '../admin-api/names.js';

interface NamedProps {
  readonly id: string;
  readonly name: string;
}

function Named({ id, name }: NamedProps) {
  if (name === id || name === '') return <span className="mono">{id}</span>;
  return (
    <>
      {name} <span className="small quiet mono">{id}</span>
    </>
  );
}

/** An application by its name, with its id beside it. */
export function ClientName({ id }: { readonly id: string }) {
  return <Named id={id} name={useClientName([id])(id)} />;
}

/** An API by its name, with its audience beside it. */
export function ApiName({ audience }: { readonly audience: string }) {
  return <Named id={audience} name={useApiName([audience])(audience)} />;
}

/** APIs below each other. */
export function ApiNames({ of }: { readonly of: readonly string[] }) {
  return (
    <>
      {of.map((audience) => (
        <span key={audience} className="line">
          <ApiName audience={audience} />
        </span>
      ))}
    </>
  );
}
