/** The public address of the admin API, which is also the audience of tokens for it. */
export class AdminAddress {
  constructor(readonly url: string) {}
}
