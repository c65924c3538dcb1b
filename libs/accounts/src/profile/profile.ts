/** The knowledge about a person beside how they sign in. */
export interface Profile {
  readonly displayName: string | null;
  readonly email: string | null;
  /** Whether the person, or the administrator for them, has shown that mail to the address reaches them. */
  readonly emailVerified: boolean;
  readonly groups: readonly string[];
  /** The id under which a provisioning client knows the account (RFC 7643 §3.1). */
  readonly externalId: string | null;
}

/** A change of a profile; absent members stay as they are. */
export type ProfileChange = { readonly [Name in keyof Profile]?: Profile[Name] | undefined };

/** The profile of an account of which nothing is known. */
export const emptyProfile: Profile = {
  displayName: null,
  email: null,
  emailVerified: false,
  groups: [],
  externalId: null,
};

/** The most groups of one account, and the longest name of one. */
export const profileBounds = { maxGroups: 200, maxGroupLength: 128, maxNameLength: 200 } as const;
