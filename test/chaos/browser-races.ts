import type { EngineClient, EngineWorld } from '../e2e/engine-world.js';
import { authorizationRequest, pkce } from '../e2e/protocol-world.js';
import type { Page, Person } from '../support/person.js';

/** The outcomes of the requests of one browser, over all rounds. */
export interface RacedRequests {
  /** Codes that were issued before the end, of which none leads to a session that stands. */
  readonly issued: number;
  /** Sessions that such a code began before the end, all of which ended with their browser. */
  readonly begun: number;
}

const offlineAccess = { scope: 'openid offline_access', prompt: 'consent' } as const;
/** Codes for offline sessions that are there before the race, by what becomes of them. */
const redeemedMeanwhile = 4;
const redeemedAfterwards = 2;

/** One browser and the requests it can make: without a page, with a page that asks for consent, and the exchange of codes. */
class RacingBrowser {
  readonly #pkce = pkce();

  constructor(
    private readonly world: EngineWorld,
    private readonly client: EngineClient,
    readonly person: Person,
  ) {}

  #address(extra: Record<string, string>): string {
    const { challenge } = this.#pkce;
    const code = { code_challenge: challenge, code_challenge_method: 'S256' };
    const parameters = authorizationRequest(this.client as never, this.world.callback, { ...code, ...extra });
    return `/authorize?${parameters}`;
  }

  /** Asks without a page, with the cookie as it is at this moment or as it was. */
  async silently(node: number, cookie = this.person.cookieFor('/authorize')): Promise<string> {
    const address = this.#address({ scope: 'openid', prompt: 'none' });
    const { status, headers } = await this.world.send(node, 'GET', address, undefined, { cookie });
    expect(status).toBe(303);
    const answer = new URL(String(headers.location)).searchParams;
    return answer.get('code') ?? String(answer.get('error'));
  }

  /** A page that asks for consent to an offline session, not yet answered. */
  consentPage(): Promise<Page> {
    return this.person.open(`${this.world.issuer}${this.#address(offlineAccess)}`);
  }

  /** Allows what a page asks; the code it leads to, or undefined where it leads nowhere any more. */
  async allow(page: Page): Promise<string | undefined> {
    return (await this.person.goOn(page)).url.searchParams.get('code') ?? undefined;
  }

  redeem(code: string, node = 0) {
    const { verifier } = this.#pkce;
    return this.world.redeem(this.client, { code, verifier }, { node });
  }
}

/**
 * An operator ends a browser while it asks for codes and exchanges those it has, online and offline, on two nodes at once. Once the end is
 * acknowledged no code is issued, no code that was issued before begins a session, and no session that one began before stands.
 */
export async function endsOfBrowsersInRaces(
  world: EngineWorld,
  client: EngineClient,
  rounds: number,
): Promise<RacedRequests> {
  const all = { issued: 0, begun: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const { issued, begun } = await endInRace(world, client, round);
    all.issued += issued;
    all.begun += begun;
  }
  // A race in which nobody ever got there first would prove nothing.
  expect(all.issued).toBeGreaterThan(0);
  expect(all.begun).toBeGreaterThan(0);
  return all;
}

async function endInRace(world: EngineWorld, client: EngineClient, round: number): Promise<RacedRequests> {
  const person = world.stranger(1);
  const { sid } = await world.signIn(client, { person });
  const { browser_session_uid: uid } = await world.row(sid);
  const browser = new RacingBrowser(world, client, person);
  const codes: string[] = [];
  for (let n = 0; n < redeemedMeanwhile + redeemedAfterwards; n += 1)
    codes.push((await browser.allow(await browser.consentPage()))!);
  const page = await browser.consentPage();
  const cookie = person.cookieFor('/authorize');

  // An answer to a page gives the browser a new cookie, so every second round leaves the race to those that keep theirs.
  const allowed = round % 2 === 0 ? browser.allow(page) : undefined;
  const asked = Array.from({ length: 20 }, (_, index) => browser.silently(index % 2, cookie));
  const redeemed = codes.slice(0, redeemedMeanwhile).map((code, index) => browser.redeem(code, index % 2));
  await Promise.race([...asked.slice(0, 1 + (round % 20)), ...redeemed.slice(round % redeemedMeanwhile)]);
  const along = { browserSessionUids: [uid] };
  await world.engine().end([], 'ended_by_administrator', {}, world.clock.now(), along);

  const late = [0, 1].map((node) => browser.silently(node, cookie));
  const answers = [...(await Promise.all(asked)), await allowed];
  // With the latest cookie too, and with the page if nobody has answered it.
  late.push(browser.silently(round % 2));
  expect([round, await Promise.all(late)]).toEqual([round, Array(3).fill('login_required')]);
  if (!allowed) expect([round, await browser.allow(page)]).toEqual([round, undefined]);
  const issued = answers.filter((answer) => answer !== undefined && answer !== 'login_required') as string[];
  for (const code of [...issued, ...codes.slice(redeemedMeanwhile)])
    expect([round, (await browser.redeem(code)).body.error]).toEqual([round, 'invalid_grant']);
  const begun = (await Promise.all(redeemed)).filter(({ status }) => status === 200);
  for (const { body } of begun)
    expect([round, (await world.refresh(client, body.refresh_token)).body.error]).toEqual([
      round,
      'invalid_grant',
    ]);
  const sessions = await world.database.query<{ end_reason: string | null }>(
    'SELECT end_reason FROM session WHERE browser_session_uid = $1',
    [uid],
  );
  // The session of the sign-in, and those that were begun in time.
  expect([round, sessions.map((session) => session.end_reason)]).toEqual([
    round,
    Array(1 + begun.length).fill('ended_by_administrator'),
  ]);
  return { issued: issued.length, begun: begun.length };
}
