import { hostCheck } from './front-door.js';

describe('the host of a request', () => {
  it.each([
    ['https://login.example', 'login.example'],
    ['https://login.example', 'LOGIN.example'],
    ['https://login.example', 'login.example:443'],
    ['https://login.example', 'login.example:'],
    ['https://login.example', 'login.example.'],
    ['https://login.example', 'Login.Example.:443'],
    ['https://login.example:8443/tenant', 'LOGIN.EXAMPLE:8443'],
    ['http://login.example', 'login.example:80'],
    ['http://[::1]:3000', '[::1]:3000'],
    ['http://[::1]:3000', '[0:0:0:0:0:0:0:1]:3000'],
    ['http://127.0.0.1:3000', '127.0.0.1:3000'],
  ])('of %s may be spelt %s (RFC 9110 §4.2.3)', (address, header) => {
    expect(hostCheck(address)(header)).toBe(true);
  });

  it.each([
    ['https://login.example', undefined],
    ['https://login.example', ''],
    ['https://login.example', 'evil.example'],
    ['https://login.example', 'login.example:80'],
    ['https://login.example', 'login.example:8443'],
    ['https://login.example:8443', 'login.example'],
    ['https://login.example', 'login.example..'],
    ['https://login.example', 'login.example,evil.example'],
    ['https://login.example', 'login.example, login.example'],
    ['https://login.example', 'user@login.example'],
    ['https://login.example', 'login.example/'],
    ['https://login.example', 'login.example\\'],
    ['https://login.example', ' login.example'],
    ['https://login.example', 'login.example:443x'],
    ['https://login.example', 'login.example:443:443'],
    ['https://login.example', 'xlogin.example'],
    ['https://login.example', 'login%2eexample'],
    ['https://login.example', 'login\u3002example'],
    ['http://127.0.0.1:3000', '0x7f.1:3000'],
    ['http://127.0.0.1:3000', '2130706433:3000'],
    ['http://[::1]:3000', '[:::1]:3000'],
  ])('of %s is not %j', (address, header) => {
    expect(hostCheck(address)(header)).toBe(false);
  });
});
