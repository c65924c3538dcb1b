/** CPU milliseconds of checking one password, measured in this process: the part of a sign-in that nothing here can make cheaper. */
export async function passwordCpuMs(checks = 20) {
  const { defaultHashing, PasswordHasher } = await import('@curfew/accounts');
  const hasher = new PasswordHasher(defaultHashing());
  const password = 'a password as long as most';
  const hash = await hasher.hash(password);
  const began = process.cpuUsage();
  for (let check = 0; check < checks; check += 1) await hasher.verify(hash, password);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000 / checks;
}
