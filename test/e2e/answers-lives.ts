import {
  allFormats,
  begin,
  bonds,
  confidentialWays,
  type Desk,
  type DeskCase,
  type Format,
  formats,
  introspect,
  machine,
  poll,
  redeem,
  refresh,
  revoke,
  signIn,
  type Way,
  ways,
} from './answers-desk.js';

/** Every client with every bond and format, as far as there are such clients. */
const each = <T>(
  list: readonly Way[],
  make: (id: string, format: Format) => T,
  inFormats: readonly Format[] = allFormats,
): T[] =>
  list.flatMap((way) => bonds.flatMap((bond) => inFormats.map((format) => make(`${way}-${bond}`, format))));

const scope = 'openid orders:read';

/** The API that a token is for asks about it, in every way that it may authenticate. */
async function askedByApis(desk: Desk, token: string, format: Format): Promise<void> {
  for (const way of confidentialWays) await introspect(desk, desk.client(`${format}-api-${way}`), token);
}

/** A code becomes tokens, which are refreshed, asked about and given back. */
const codes: readonly DeskCase[] = each(ways, (id, format) => ({
  name: `the life of a sign-in to ${id} with ${format} access tokens`,
  run: async (desk) => {
    const client = desk.client(id);
    const first = await signIn(desk, client, { scope, resource: formats[format] });
    const second = await refresh(desk, client, first.body.refresh_token);
    const { access_token, refresh_token } = second.body;
    await askedByApis(desk, access_token, format);
    await introspect(desk, client, access_token);
    await introspect(desk, client, refresh_token);
    await revoke(desk, client, access_token);
    await introspect(desk, desk.client(`${format}-api-basic`), access_token);
  },
}));

/** A refresh token is given back, and nothing that came of its sign-in is good for anything any more. */
const givenBack: readonly DeskCase[] = each(
  ways,
  (id, format) => ({
    name: `the end of a sign-in to ${id}`,
    run: async (desk) => {
      const client = desk.client(id);
      const { access_token, refresh_token } = (
        await signIn(desk, client, { scope, resource: formats[format] })
      ).body;
      await revoke(desk, client, refresh_token);
      await refresh(desk, client, refresh_token);
      await introspect(desk, client, refresh_token);
      await introspect(desk, desk.client(`${format}-api-basic`), access_token);
    },
  }),
  ['opaque'],
);

/** A device asks, waits, is allowed, and goes on. */
const devices: readonly DeskCase[] = each(ways, (id, format) => ({
  name: `the life of a device of ${id} with ${format} access tokens`,
  run: async (desk) => {
    const client = desk.client(id);
    const device = await begin(desk, client, { resource: formats[format] });
    await poll(desk, client, device);
    await desk.answer(device, true);
    const first = await poll(desk, client, device);
    await refresh(desk, client, first.body.refresh_token);
  },
}));

/** A client asks for itself. */
const machines: readonly DeskCase[] = each(confidentialWays, (id, format) => ({
  name: `a token of ${id} for itself in the format ${format}`,
  run: async (desk) => {
    const client = desk.client(id);
    const { access_token } = (
      await machine(desk, client, { scope: 'orders:read', resource: formats[format] })
    ).body;
    await askedByApis(desk, access_token, format);
    await introspect(desk, client, access_token);
    await revoke(desk, client, access_token);
    await introspect(desk, client, access_token);
  },
}));

/** Requests that are wrong use no code up; the second that is right does, and ends what the first led to (RFC 6749 §4.1.2). */
const later: readonly DeskCase[] = each(
  ways,
  (id, format) => ({
    name: `a code of ${id} that is redeemed badly, then well, then again`,
    run: async (desk) => {
      const client = desk.client(id);
      const granted = await desk.code(client, { scope, resource: formats[format] });
      await redeem(desk, client, { ...granted, verifier: 'v'.repeat(43) });
      await redeem(desk, client, granted, { form: { redirect_uri: `${desk.callback}/other` } });
      await redeem(desk, client, granted, { form: { resource: 'https://nobody.example.test' } });
      const { refresh_token } = (await redeem(desk, client, granted)).body;
      await redeem(desk, client, granted);
      await refresh(desk, client, refresh_token);
    },
  }),
  ['opaque'],
);

/** The lives of tokens of every kind. */
export const lives: readonly DeskCase[] = [...codes, ...givenBack, ...devices, ...machines, ...later];
