import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Migrations go to the server itself where DATABASE_URL is a pooler: their lock belongs to a session of the server.
  datasource: { url: process.env['DATABASE_DIRECT_URL'] || (process.env['DATABASE_URL'] ?? '') },
});
