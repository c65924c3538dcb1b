import { createServer } from 'node:http';
import { createVerifier } from '@curfew/resource-server';
import { readDevFile } from './dev-file.js';
import { ordersApi } from './orders.js';
import { examplePage } from './page.js';

// node apps/demo/dist/main.js: the example application (apps/example-app) with its API, against what `npm start` runs.
const dev = readDevFile();
const { client_id: clientId, client_secret: clientSecret, resource: audience } = dev.clients.api;
const port = Number(process.env['CURFEW_CALLBACK_PORT'] || 3003);
// A page of another name than this one gets nothing (DNS rebinding).
const origin = `http://localhost:${port}`;
const verifier = createVerifier({
  issuer: dev.issuer,
  clientId,
  clientSecret,
  audience,
  origin,
  realm: 'orders',
});
const api = ordersApi(verifier);
const page = examplePage(dev, (request, response) => void api.emit('request', request, response));
const server = createServer((request, response) => {
  if (request.headers.host === new URL(origin).host) return page(request, response);
  return response.writeHead(421).end();
});
server.listen(port, '127.0.0.1', () => console.log(`the example application is at ${origin}/spa`));

async function stop(): Promise<void> {
  // A pipe that is read would keep the process alive.
  process.stdin.destroy();
  server.close();
  server.closeAllConnections();
  await verifier.close();
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
if (process.env['CURFEW_EXIT_WITH_PARENT'] === 'true') process.stdin.once('end', () => void stop()).resume();
