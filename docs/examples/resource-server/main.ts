import { createVerifier } from '@curfew/resource-server';
import { expressOrders } from './express.js';

const verifier = createVerifier({
  issuer: 'https://login.example.com',
  clientId: 'orders-api',
  clientSecret: process.env['ORDERS_API_SECRET']!,
  audience: 'https://orders.example.com',
});
expressOrders(verifier).listen(8080);
