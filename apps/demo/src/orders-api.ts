import { createVerifier } from '@curfew/resource-server';
import { readDevFile } from './dev-file.js';
import { ordersApi } from './orders.js';

// node apps/demo/dist/orders-api.js [port]: the sample API, against what `npm start` runs.
const { issuer, clients } = readDevFile();
const { client_id: clientId, client_secret: clientSecret, resource: audience } = clients.api;
const verifier = createVerifier({ issuer, clientId, clientSecret, audience, realm: 'orders' });
const port = Number(process.argv[2] ?? 3004);
ordersApi(verifier).listen(port, 'localhost', () => console.log(`orders at http://localhost:${port}/orders`));
