import { sendForm } from '../support/authenticator.js';
import { ProtocolWorld } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start({ CURFEW_VIRTUAL_CLOCK: 'true' });
}, 60_000);
afterAll(() => world?.stop());

describe('the form of a new password that is due', () => {
  it('waits ten minutes: the sign-in counts from the change, and is not to look younger than its proof by more', async () => {
    const { username } = world.data.accounts[0]!;
    const account = `account WHERE username = '${username}'`;
    await world.database.query(
      `UPDATE account SET must_change_password = true WHERE username = '${username}'`,
    );
    const hash = () => world.database.query(`SELECT password_hash FROM ${account}`);
    const before = await hash();
    const person = world.person();
    const due = await sendForm(person, await person.open(`${world.issuer}/sign-in`), { username });
    expect(due.body).toContain('name="new"');
    await world.pass(600);
    const phrase = 'a pass phrase that comes late';
    const late = await sendForm(person, due, { new: phrase, repeat: phrase });
    expect([late.status, late.body.includes('took too long')]).toEqual([422, true]);
    expect(await hash()).toEqual(before);
  });
});
