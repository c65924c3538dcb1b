import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay } from '../../admin-api/caller.js';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { ActButton } from '../../elements/act-button.js';
import { ConfirmDialog } from '../../elements/confirm-dialog.js';
import type { CsvColumn } from '../../elements/csv.js';
import { CsvButton } from '../../elements/list-parts.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { keysQuery, type SigningKey } from './system-queries.js';

const columns: readonly CsvColumn<SigningKey>[] = [
  { heading: 'kid', text: ({ kid }) => kid },
  { heading: 'alg', text: ({ alg }) => alg },
  { heading: 'state', text: ({ state }) => state },
  { heading: 'activates_at', text: ({ activates_at }) => activates_at },
  { heading: 'retires_at', text: ({ retires_at }) => retires_at },
];

/** The signing keys, and their rotation. */
export function Keys() {
  const may = useMay('keys:rotate');
  const keys = useQuery({ ...keysQuery, enabled: may });
  const [asked, setAsked] = useState<'rotate' | SigningKey>();
  return (
    <section className="card" aria-label="Signing keys">
      <div className="heading">
        <h2>Signing keys</h2>
        <div className="actions">
          <CsvButton file="keys.csv" columns={columns} rows={keys.data ?? []} />
          <ActButton scope="keys:rotate" onAct={() => setAsked('rotate')}>
            Rotate …
          </ActButton>
        </div>
      </div>
      {!may && (
        <p className="quiet">
          You need the scope <code>keys:rotate</code> to see them.
        </p>
      )}
      {may && keys.isPending && <Loading rows={3} label="Reading keys" />}
      {keys.isError && <Failed error={keys.error} onRetry={() => keys.refetch()} />}
      {keys.data && <KeyTable keys={keys.data} onWithdraw={setAsked} />}
      {asked && <ConfirmKeys asked={asked} onClose={() => setAsked(undefined)} />}
    </section>
  );
}

interface KeyTableProps {
  readonly keys: readonly SigningKey[];
  readonly onWithdraw: (key: SigningKey) => void;
}

function KeyTable({ keys, onWithdraw }: KeyTableProps) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">State</th>
            <th scope="col">Signs from</th>
            <th scope="col">Until</th>
            <th scope="col">Acts</th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.kid}>
              <th scope="row">
                {key.alg} <code className="small quiet">{key.kid.slice(0, 12)}…</code>
              </th>
              <td>
                <span
                  className={`badge ${key.state === 'signing' ? 'good' : key.state === 'unreadable' ? 'bad' : ''}`}
                >
                  {key.state}
                </span>
              </td>
              <td>
                <Time at={key.activates_at} />
              </td>
              <td>
                {key.retires_at ? <Time at={key.retires_at} /> : <span className="quiet">it is rotated</span>}
              </td>
              <td>
                <ActButton scope="keys:rotate" look="ending" onAct={() => onWithdraw(key)}>
                  Withdraw …
                </ActButton>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ConfirmKeysProps {
  readonly asked: 'rotate' | SigningKey;
  readonly onClose: () => void;
}

/** Asks before keys are rotated, or one is withdrawn. */
function ConfirmKeys({ asked, onClose }: ConfirmKeysProps) {
  const queries = useQueryClient();
  const done = () => void queries.invalidateQueries({ queryKey: keysQuery.queryKey });
  if (asked === 'rotate')
    return (
      <ConfirmDialog
        scope="keys:rotate"
        title="Rotate the signing keys"
        button="Rotate"
        act={() => bodyOf(adminApi.POST('/v1/keys/rotate', { body: {} }))}
        onDone={done}
        onClose={onClose}
      >
        <p>
          New keys are published at once and sign after the publish-ahead time, so that nobody meets a
          signature they cannot check.
        </p>
      </ConfirmDialog>
    );
  return (
    <ConfirmDialog
      scope="keys:rotate"
      title={`Withdraw the ${asked.alg} key`}
      button="Withdraw at once"
      isDanger
      act={() => bodyOf(adminApi.DELETE('/v1/keys/{kid}', { params: { path: { kid: asked.kid } } }))}
      onDone={done}
      onClose={onClose}
    >
      <p>Tokens that it signed are no longer accepted. Withdraw a key only if somebody else may have it.</p>
    </ConfirmDialog>
  );
}
