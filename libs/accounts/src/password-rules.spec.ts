import { AccountError } from './account-error.js';
import { checkNewPassword, defaultPasswordRules, fitsForHashing } from './password-rules.js';

const codeOf = (username: string, password: string): string => {
  try {
    checkNewPassword(username, password, defaultPasswordRules);
    return 'accepted';
  } catch (error) {
    return error instanceof AccountError ? error.code : String(error);
  }
};

describe('new passwords', () => {
  it('may be long, and may hold any character, spaces and NUL included', () => {
    expect(codeOf('alice', 'correct horse battery staple '.repeat(4))).toBe('accepted');
    expect(codeOf('alice', ' \u0000\t\u{1f512}\u00e9 \u4e2d\u6587x')).toBe('accepted');
    expect(codeOf('alice', 'x'.repeat(1024))).toBe('accepted');
  });

  it('are refused beyond 1024 bytes, counted in UTF-8', () => {
    expect(codeOf('alice', 'x'.repeat(1025))).toBe('password_too_long');
    expect(codeOf('alice', '\u00e9'.repeat(513))).toBe('password_too_long');
    expect(fitsForHashing('\u00e9'.repeat(512), defaultPasswordRules)).toBe(true);
  });

  it('have at least eight characters, counted as people count them', () => {
    expect(codeOf('alice', 'seven77')).toBe('password_too_short');
    expect(codeOf('alice', '\u{1f512}'.repeat(4))).toBe('password_too_short');
    expect(codeOf('alice', '\u{1f512}'.repeat(8))).toBe('accepted');
  });

  it('are none of those that are tried first, in any case', () => {
    for (const common of ['password123', 'PassWord1234', 'qwertyuiop', '123456789012', 'Iloveyou123'])
      expect([common, codeOf('alice', common)]).toEqual([common, 'password_too_common']);
    expect(codeOf('alice', 'password123 of mine')).toBe('accepted');
  });

  it('are not the username in another spelling', () => {
    expect(codeOf('user1@example.test', 'USER1@example.test')).toBe('password_is_username');
  });

  it('are not blamed for a username that cannot be one', () => {
    expect(codeOf('a b', 'correct horse battery')).toBe('username_invalid');
  });
});
