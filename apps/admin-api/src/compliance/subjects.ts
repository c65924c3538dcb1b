import {
  type AttachedPolicy,
  isSenderConstrained,
  type KnownClient,
  PolicyService,
  type PolicyTarget,
  RegistrationError,
  Registry,
} from '@curfew/clients';
import type { RegistrationFacts } from '@curfew/compliance';
import { type SessionPolicy } from '@curfew/session-policy';
import { policiesByPlace } from '@curfew/session-policy/effective-policy';
import { Injectable } from '@nestjs/common';

/** Sessions that are judged together, and the policies that they are under. */
export interface JudgedSubject {
  readonly target: PolicyTarget;
  readonly name: string | null;
  readonly clientId: string;
  readonly resources: readonly string[];
  readonly attached: readonly AttachedPolicy[];
  /** The effective policy; several where a canary divides the accounts. */
  readonly policies: readonly SessionPolicy[];
  readonly registration: RegistrationFacts | null;
}

/** Subjects that one report has at most. */
const maxSubjects = 50;

const factsOf = (client: KnownClient): RegistrationFacts => ({
  isSenderConstrained: isSenderConstrained(client),
  requiresPushedRequests: client.metadata.require_pushed_authorization_requests,
  requiresPkce: client.metadata.require_pkce !== false,
  authenticatesByKey: /^(private_key_jwt|(self_signed_)?tls_client_auth)$/.test(
    client.metadata.token_endpoint_auth_method,
  ),
});

/** Finds whose sessions a report judges. */
@Injectable()
export class Subjects {
  constructor(
    private readonly registry: Registry,
    private readonly policies: PolicyService,
  ) {}

  /** The one that was asked for; else everyone, and each client and API that has a policy of its own. */
  async of(asked: {
    readonly client?: string | undefined;
    readonly resource?: string | undefined;
  }): Promise<{ readonly subjects: readonly JudgedSubject[]; readonly leftOut: number }> {
    const { client, resource } = asked;
    if (client !== undefined || resource !== undefined) {
      const one = await this.#subject(client, resource);
      if (!one) throw new RegistrationError(client === undefined ? 'unknown_resource' : 'unknown_client');
      return { subjects: [one], leftOut: 0 };
    }
    const targets = (await this.policies.attachments()).flatMap(({ target }) =>
      target.kind === 'everyone' ? [] : [target],
    );
    const found = await Promise.all(
      targets
        .slice(0, maxSubjects - 1)
        .map((target) =>
          target.kind === 'client' ? this.#subject(target.id) : this.#subject(undefined, target.audience),
        ),
    );
    const everyone = await this.#judged({ kind: 'everyone' }, null, '', [], null);
    return {
      subjects: [everyone, ...found.flatMap((one) => one ?? [])],
      leftOut: Math.max(0, targets.length - (maxSubjects - 1)),
    };
  }

  async #subject(clientId?: string, audience?: string): Promise<JudgedSubject | null> {
    const api = audience === undefined ? null : await this.registry.resource(audience);
    if (audience !== undefined && !api) return null;
    const resources = audience === undefined ? [] : [audience];
    if (clientId === undefined)
      return this.#judged(
        { kind: 'resource', audience: audience ?? '' },
        api?.name ?? null,
        '',
        resources,
        null,
      );
    const client = await this.registry.client(clientId);
    if (!client) return null;
    return this.#judged({ kind: 'client', id: clientId }, client.name, clientId, resources, factsOf(client));
  }

  async #judged(
    target: PolicyTarget,
    name: string | null,
    clientId: string,
    resources: readonly string[],
    registration: RegistrationFacts | null,
  ): Promise<JudgedSubject> {
    const [attached, places] = await Promise.all([
      this.registry.attachedPolicies(clientId, resources),
      this.registry.policiesByPlace(clientId, resources),
    ]);
    return {
      target,
      name,
      clientId,
      resources,
      attached,
      policies: places.map(({ policy }) => policy),
      registration,
    };
  }
}

/** The policies that accounts are under where these revisions are attached; as the registry has it, at another time. */
export function policiesOf(
  attached: readonly { readonly target: PolicyTarget; readonly policy: SessionPolicy }[],
  standard: SessionPolicy,
): readonly SessionPolicy[] {
  const at = (kind: PolicyTarget['kind']) =>
    attached.filter(({ target }) => target.kind === kind).map(({ policy }) => policy);
  const [own = null] = at('client');
  const everyone = at('everyone')[0] ?? own ?? standard;
  return policiesByPlace({ everyone, client: own, resources: at('resource') }).map(({ policy }) => policy);
}
