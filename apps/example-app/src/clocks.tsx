import type { Curfew, CurfewClocks } from '@curfew/browser';
import { useEffect, useState } from 'react';

/** The clocks as they stand at each second. */
export function useClocks(curfew: Curfew): CurfewClocks | undefined {
  const [clocks, setClocks] = useState(curfew.clocks);
  useEffect(() => {
    const timer = setInterval(() => setClocks(curfew.clocks), 500);
    return () => clearInterval(timer);
  }, [curfew]);
  return clocks;
}

const twoDigits = (count: number): string => String(count).padStart(2, '0');

/** Hours, minutes and seconds, as a clock shows them. */
function onAClock(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}:` : ''}${twoDigits(minutes)}:${twoDigits(seconds % 60)}`;
}

interface ClockProps {
  readonly name: string;
  readonly left: number | undefined;
  readonly about: string;
}

/** One clock; a screen reader hears it when it is asked for, not each second. */
const Clock = ({ name, left, about }: ClockProps) => (
  <div className="clock">
    <dt>{name}</dt>
    <dd>{left === undefined ? '–' : onAClock(left)}</dd>
    <dd className="quiet">{about}</dd>
  </div>
);

/** Both clocks of the session. To look at them is no activity. */
export function Clocks({ curfew }: { readonly curfew: Curfew }) {
  const clocks = useClocks(curfew);
  return (
    <section className="card" aria-label="Your session">
      <h2>Your session</h2>
      <dl>
        <Clock name="Signed out if idle in" left={clocks?.idle} about="Each use begins it again." />
        <Clock name="Sign in again in" left={clocks?.absolute} about="Nothing moves this one." />
      </dl>
      <button type="button" className="plain" onClick={() => void curfew.staySignedIn()}>
        Stay signed in
      </button>
    </section>
  );
}
