import type { Adapter, AdapterPayload } from 'oidc-provider';

/** One call the library made of its storage adapter. */
export interface AdapterCall {
  readonly model: string;
  readonly operation: string;
  readonly id: string;
  readonly payload?: AdapterPayload;
  readonly ttl?: number | undefined;
}

type Hook = (model: string, id: string) => void | Promise<void>;

/** A storage adapter in memory that writes down every call and lets a test fail or shape single ones. */
export class RecordingStore {
  readonly calls: AdapterCall[] = [];
  readonly rows = new Map<string, AdapterPayload>();
  readonly before: Record<string, Hook> = {};
  /** Models whose rows are returned without `consumed`. */
  readonly neverConsumed = new Set<string>();

  readonly adapter = (model: string): Adapter => ({
    upsert: async (id, payload, expiresIn) => {
      await this.note({ model, operation: 'upsert', id, payload: structuredClone(payload), ttl: expiresIn });
      this.rows.set(`${model}:${id}`, payload);
    },
    find: async (id) => {
      await this.note({ model, operation: 'find', id });
      return this.read(model, id);
    },
    findByUid: async (uid) => this.search(model, (row) => row.uid === uid),
    findByUserCode: async (userCode) => this.search(model, (row) => row.userCode === userCode),
    consume: async (id) => {
      await this.note({ model, operation: 'consume', id });
      const row = this.rows.get(`${model}:${id}`);
      if (row) row.consumed = Math.floor(Date.now() / 1000);
    },
    destroy: async (id) => {
      await this.note({ model, operation: 'destroy', id });
      this.rows.delete(`${model}:${id}`);
    },
    revokeByGrantId: async (grantId) => {
      await this.note({ model, operation: 'revokeByGrantId', id: grantId });
      for (const [key, row] of this.rows) {
        if (key.startsWith(`${model}:`) && row.grantId === grantId) this.rows.delete(key);
      }
    },
  });

  of(model: string): AdapterPayload[] {
    return [...this.rows].filter(([key]) => key.startsWith(`${model}:`)).map(([, row]) => row);
  }

  /** `operation Model` of every call since `from`, in order. */
  trail(from = 0): string[] {
    return this.calls.slice(from).map(({ operation, model }) => `${operation} ${model}`);
  }

  private async note(call: AdapterCall): Promise<void> {
    this.calls.push(call);
    await this.before[`${call.operation} ${call.model}`]?.(call.model, call.id);
  }

  private read(model: string, id: string): AdapterPayload | undefined {
    const row = this.rows.get(`${model}:${id}`);
    if (!row || !this.neverConsumed.has(model)) return row;
    const { consumed: _, ...rest } = row;
    return rest;
  }

  private search(model: string, matches: (row: AdapterPayload) => boolean): AdapterPayload | undefined {
    return this.of(model).find(matches);
  }
}
