import { setTimeout as pause } from 'node:timers/promises';
import { PolicyService } from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import { authenticationContexts } from '@curfew/session-policy/authentication';
import { sendForm } from '../support/authenticator.js';
import type { Page, Person } from '../support/person.js';
import { offeredIn, type SoftwarePasskey, showPasskey } from '../support/software-passkey.js';
import { send } from '../support/upstream.js';
import { orders, type ProtocolWorld } from './protocol-world.js';
import { letBrowsersBeRemembered } from './remembered-browsers.js';

/** The factors of the person with number 1: a passkey, and a code that was not used. */
interface Factors {
  readonly key: SoftwarePasskey;
  readonly code: string;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** A way to sign in: the class that it proves, the one that it asks for, and what the person does at the page that stops. */
interface Way {
  readonly proved: number;
  readonly asks: Readonly<Record<string, string>>;
  readonly prove: (person: Person, page: Page) => Promise<Page>;
  /** Somebody at a browser that they used before. */
  readonly person?: Person;
}

const waysWith = ({ key, code }: Factors, remembered: Person): readonly Way[] => [
  // A browser that is remembered proves nothing beside the password.
  {
    proved: 0,
    asks: { prompt: 'login' },
    prove: (person, page) => person.goOn(page),
    person: remembered,
  },
  { proved: 0, asks: {}, prove: (person, page) => person.goOn(page) },
  {
    proved: 1,
    asks: { acr_values: authenticationContexts[1] },
    prove: (person, page) => sendForm(person, page, { code }),
  },
  {
    proved: 2,
    asks: { acr_values: authenticationContexts[2] },
    prove: (person, page) => showPasskey(person, page, key),
  },
  { proved: 2, asks: {}, prove: (person, page) => showPasskey(person, page, key) },
];

const request = { scope: 'openid orders:read', resource: orders };
const silently = { ...request, prompt: 'none' };

const isAskingForMore = ({ body }: Page) =>
  body.includes('name="credential"') && !body.includes('name="password"');

/** A sign-in with an application: its tokens, and a code for each class that will be asked for. */
async function signedIn(world: ProtocolWorld, { proved, asks, prove, ...way }: Way) {
  const { web } = world.clients;
  const person = way.person ?? world.person(1);
  const begun = world.begin(web, { ...request, ...asks });
  const first = await person.open(begun.address);
  const page = 'acr_values' in asks ? await person.goOn(first, isAskingForMore) : first;
  const end = await person.goOn(await prove(person, page));
  const { body } = await world.redeem(web, end.url.searchParams.get('code')!, begun.verifier);
  const spare: Awaited<ReturnType<ProtocolWorld['authorize']>>[] = [];
  for (const _ of authenticationContexts) spare.push(await world.authorize(web, silently, person));
  return { proved, person, spare, tokens: body as Tokens };
}

type SignedIn = Awaited<ReturnType<typeof signedIn>>;

/** Asks for each class with what was proved in each way, by a claim, a route and a policy; the requests that passed although they should not, or the other way round. */
export async function compareProofs(world: ProtocolWorld, gatewayPort: number, factors: Factors) {
  const proofs: SignedIn[] = [];
  const policies = new PolicyService(world.database.prisma(), new ManualClock(Date.now()));
  await askAlways(world, true);
  const atSecondStep = (person: Person) =>
    person.follow(world.begin(world.clients.web, request).address, isAskingForMore);
  const undo = await letBrowsersBeRemembered(world, async () =>
    (await atSecondStep(world.person(1))).body.includes('name="trust"'),
  );
  // A browser in which the person has shown their second step, and is to be spared it from then on.
  const remembered = world.person(1);
  const stopped = await atSecondStep(remembered);
  const credential = factors.key.show(offeredIn(stopped.body));
  await remembered.goOn(await sendForm(remembered, stopped, { credential, trust: 'yes' }));
  for (const way of waysWith(factors, remembered)) {
    // The second step is asked for at the sign-in in the browser that is remembered, and is not asked for there.
    await askAlways(world, way.person !== undefined);
    proofs.push(await signedIn(world, way));
  }
  const [places, wrong]: [string[], string[]] = [[], []];
  for (const asked of authenticationContexts.keys()) {
    const note = (place: string, { proved }: SignedIn, isThrough: boolean) => {
      places.push(place);
      if (isThrough !== proved >= asked) wrong.push(`${place}: ${proved} proved, ${asked} asked`);
    };
    for (const one of proofs) await askDirectly(world, gatewayPort, { asked, one, note });
    await requireByPolicy(world, policies, asked, proofs.at(-1)!);
    for (const one of proofs) await askByPolicy(world, gatewayPort, { asked, one, note });
  }
  await undo();
  return { places, wrong, weakest: proofs[0]!.tokens };
}

const askAlways = (world: ProtocolWorld, always: boolean) =>
  world.database.query('UPDATE account SET second_step_always = $1 WHERE username = $2', [
    always,
    world.data.accounts[1]!.username,
  ]);

interface Question {
  readonly asked: number;
  readonly one: SignedIn;
  readonly note: (place: string, one: SignedIn, isThrough: boolean) => void;
}

async function askDirectly(world: ProtocolWorld, gatewayPort: number, { asked, one, note }: Question) {
  const demand = { essential: true, value: authenticationContexts[asked] };
  const claims = JSON.stringify({ id_token: { acr: demand } });
  const demanded = await world.authorize(world.clients.web, { ...silently, claims }, one.person);
  note('a claim at authorization', one, demanded.query.has('code'));
  note('a route of the gateway', one, await passes(gatewayPort, one.tokens, `/class-${asked}`));
}

async function askByPolicy(world: ProtocolWorld, gatewayPort: number, { asked, one, note }: Question) {
  const { web } = world.clients;
  const { person, spare, tokens } = one;
  note('a policy at authorization', one, (await world.authorize(web, silently, person)).query.has('code'));
  const { code, verifier } = spare[asked]!;
  note('redemption', one, (await world.redeem(web, code, verifier)).status === 200);
  note('introspection', one, (await world.introspect(tokens.access_token)).body.active);
  note('a policy at the gateway', one, await passes(gatewayPort, tokens, '/orders'));
  const refreshed = await world.refresh(web, tokens.refresh_token);
  note('refresh', one, refreshed.status === 200);
  if (refreshed.status === 200) one.tokens = refreshed.body as Tokens;
}

async function passes(gatewayPort: number, { access_token: token }: Tokens, path: string): Promise<boolean> {
  const bearer = { host: 'api.example.test', authorization: `Bearer ${token}` };
  return (await send(`http://127.0.0.1:${gatewayPort}`, bearer, { path })).status === 200;
}

/** Attaches a policy that requires the class, and waits until the server has heard of it. */
async function requireByPolicy(
  world: ProtocolWorld,
  policies: PolicyService,
  asked: number,
  strongest: SignedIn,
): Promise<void> {
  const name = `asks-${asked}`;
  const requiredAcr = asked === 0 ? 'none' : authenticationContexts[asked];
  // The warning tells that the policy is in force, and without a cache the gateway asks each time.
  const warning = 60 + asked;
  const settings = {
    basedOn: 'standard',
    requiredAcr,
    introspectionCache: '0s',
    idleWarning: `${warning}s`,
  };
  await policies.save({ name, previous: 0, settings, createdBy: 'test' });
  await policies.attach({ kind: 'everyone' }, name);
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const { idle_expires_in: idle, idle_warning_in: warned } = (
      await world.introspect(strongest.tokens.access_token)
    ).body;
    if (idle - warned === warning) return;
    await pause(50);
  }
  throw new Error('the server did not hear of the policy');
}
