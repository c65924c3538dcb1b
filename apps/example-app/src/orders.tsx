import { type Curfew, CurfewError } from '@curfew/browser';
import { useState } from 'react';

/** An order as the example API answers it. */
interface Order {
  readonly id: number;
  readonly item: string;
  readonly status: string;
}

/** Asks the API when a person wants it, with a token and a proof that this component never sees. */
export function Orders({ curfew }: { readonly curfew: Curfew }) {
  const [orders, setOrders] = useState<readonly Order[]>();
  const [said, setSaid] = useState('');
  const load = async () => {
    try {
      const response = await curfew.fetch('/orders');
      setSaid(`The API answered ${response.status}.`);
      if (response.ok) setOrders((await response.json()).orders);
    } catch (error) {
      setSaid(error instanceof CurfewError ? error.message : 'the API could not be asked');
    }
  };
  return (
    <section className="card">
      <h2>Your orders</h2>
      <ul>
        {orders?.map(({ id, item, status }) => (
          <li key={id}>
            <span>{item}</span> <span className="quiet">{status}</span>
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => void load()}>
        Call the orders API
      </button>
      <output className="quiet">{said}</output>
    </section>
  );
}
