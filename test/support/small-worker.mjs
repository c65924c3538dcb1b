import { existsSync } from 'node:fs';

// A worker that serves nothing: it says what a worker says, and fails to start while the file it is given exists.
const [failing] = process.argv.slice(2);
if (existsSync(failing)) process.exit(3);
process.on('message', ({ curfew }) => {
  if (curfew === 'build') process.send({ curfew: 'built' });
  if (curfew === 'listen') process.send({ curfew: 'serving', port: 1 });
});
process.on('SIGTERM', () => process.exit(0));
process.send({ curfew: 'here' });
