import './node-version.mjs';

// npm run build: everything that `npm start` would do before starting.
const { prepare, StepFailed } = await import('./prepare.mjs');
try {
  await prepare((line) => console.log(`${line} …`));
  console.log('Built.');
} catch (error) {
  console.error(error instanceof StepFailed ? error.message : error);
  process.exitCode = 1;
}
