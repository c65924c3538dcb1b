import { aTransmitter, ConsoleWorld } from './console-world.js';
import { ServiceCourse } from './other-service.js';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
}, 90_000);
afterEach(async () => expect(await world?.tidy()).toEqual([]));
afterAll(() => world?.close());

const transmitters = {
  path: '/v1/transmitters',
  called: 'transmitter',
  secret: 'Authorization header or client secret',
  offered: 'Heard',
};

describe('transmitters in the console', () => {
  it('are added, changed, switched off and deleted, each pressed to the end, and no header is shown', async () => {
    const page = await world.enter('/console/events');
    const course = new ServiceCourse(world, transmitters, page);
    await page.getByRole('link', { name: 'Transmitters', exact: true }).click();
    await page.getByText('No other service tells of security events.').waitFor();
    const made = await course.begin({
      ...{ Id: 'corp', Issuer: 'https://corp.example.test', Audience: 'https://here.example.test' },
      'Authorization header or client secret': 'Bearer that-nobody-sees',
    });
    // One member of the API holds a header or a client secret: the hint says which of them is meant.
    await made.getByText('such as Bearer …, that it sends').waitFor();
    await made.getByLabel('Delivery').selectOption('poll');
    await made.getByText('such as Bearer …, that is sent to it').waitFor();
    await made.getByLabel('Token endpoint').fill('https://corp.example.test/token');
    await made.getByText('The client secret, for which').waitFor();
    await made.getByLabel('Delivery').selectOption('push');
    await made.getByLabel('account-purged').uncheck();
    await made.getByLabel('Find people by address').check();
    expect(await course.add(made, 'corp', 'heard')).toMatchObject({
      ...{
        delivery: 'push',
        endpoint_url: null,
        jwks_uri: null,
        subject_issuer: 'https://corp.example.test',
      },
      ...{ signals: ['session-revoked', 'credential-change', 'account-disabled'], matches_email: true },
    });
    const open = await course.look('corp', 'corp', '/ssf/receive');
    // The header that it pushes with goes to no address that is polled.
    await open.getByLabel('Delivery').selectOption('poll');
    await open.getByLabel('Address that is polled').fill('https://corp.example.test/poll');
    await open.getByRole('button', { name: 'Save' }).click();
    await open.getByText('must be given with another issuer or endpoint_url').waitFor();
    await open.getByLabel('Delivery').selectOption('push');
    await course.switchOff(open, 'corp');
    await course.delete('corp', 'corp');
  }, 60_000);

  it('say at the field what the admin API refuses, keep what was typed, and show what somebody else has changed', async () => {
    await aTransmitter(world.admin, 'taken');
    const page = await world.enter('/console/events/transmitters');
    const course = new ServiceCourse(world, transmitters, page);
    const good = {
      ...{ Id: 'fields', Issuer: 'https://fields.example.test', Audience: 'here' },
      ...{ 'Authorization header or client secret': 'Bearer of-these-fields', 'Address of its keys': '' },
      ...{ 'Issuer of its people': '' },
    };
    await course.areRefused(good, [
      ['Id', 'Not A Word'],
      ['Issuer', 'http://fields.example.test'],
      ['Issuer', 'https://taken.example.test'],
      ['Audience', 'x'.repeat(501)],
      ['Authorization header or client secret', 'short'],
      ['Address of its keys', 'ftp://fields.example.test'],
      ['Issuer of its people', 'x'.repeat(501)],
    ]);
    const { issuer, delivery } = await course.kept('taken');
    const theirs = { issuer, delivery, audience: 'here', enabled: false, matches_email: true };
    const open = await course.open('taken', 'taken');
    await course.areKept(open, 'taken', { Audience: 'my audience' }, theirs, 'Find people by address');
    expect(await course.kept('taken')).toMatchObject({ audience: 'my audience', matches_email: true });
    expect(await world.faults(page)).toEqual([]);
  }, 60_000);
});
