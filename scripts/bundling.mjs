/**
 * Packages that stay in node_modules: those with machine code or files beside them, those that are loaded at their first use only, and
 * those that Nest and pg load where somebody has installed them.
 */
export const external = [
  /^(argon2|pdfkit)$/,
  /^@prisma\/client\/runtime\/query_compiler/,
  // The interface stays with the others: of two copies, one would never hear of the provider that the other one was given.
  /^@opentelemetry\//,
  /^@simplewebauthn\//,
  /^(@nestjs\/(microservices|websockets)|class-transformer|class-validator|pg-native)(\/|$)/,
];
