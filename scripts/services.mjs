import { existsSync } from 'node:fs';
import { at } from './repository.mjs';

/**
 * @typedef {object} Service
 * @property {string} key also the name of its log
 * @property {string} title
 * @property {string} main the built file
 * @property {string} portSetting
 * @property {number} port by default
 * @property {string} [urlSetting] where it learns its own public address
 * @property {string} about
 * @property {boolean} [isExample] runs with first-run data only
 */

/** Everything that can run, in the order in which it is started. @type {Service[]} */
const all = [
  {
    key: 'auth-server',
    title: 'Authorization server',
    main: 'apps/auth-server/dist/main.js',
    portSetting: 'CURFEW_AUTH_PORT',
    port: 3000,
    urlSetting: 'CURFEW_ISSUER',
    about: 'sign-in, tokens, "your sessions"',
  },
  {
    key: 'admin-api',
    title: 'Admin API',
    main: 'apps/admin-api/dist/main.js',
    portSetting: 'CURFEW_ADMIN_PORT',
    port: 3001,
    urlSetting: 'CURFEW_ADMIN_URL',
    about: 'REST for operators, described at /docs',
  },
  {
    key: 'gateway',
    title: 'Gateway',
    main: 'apps/gateway/dist/main.js',
    portSetting: 'CURFEW_GATEWAY_PORT',
    port: 3002,
    urlSetting: 'CURFEW_GATEWAY_URL',
    about: 'decides for reverse proxies, or is one',
  },
  {
    key: 'demo',
    title: 'Example application',
    main: 'apps/demo/dist/main.js',
    portSetting: 'CURFEW_CALLBACK_PORT',
    port: 3003,
    about: 'a single-page application: sign in, watch both clocks',
    isExample: true,
  },
];

/** Those that this version has, with their ports and addresses. @param {NodeJS.ProcessEnv} env */
export function services(env) {
  return all
    .filter(({ main, isExample }) => existsSync(at(main)) && (!isExample || Boolean(env.CURFEW_DEV_FILE)))
    .map((service) => {
      const port = Number(env[service.portSetting] || service.port);
      const url = (service.urlSetting && env[service.urlSetting]) || `http://localhost:${port}`;
      return { ...service, port, url };
    });
}

/** The settings that tell every service where the others are. @param {ReturnType<typeof services>} running */
export function addressesOf(running) {
  const settings = running.flatMap(({ portSetting, port, urlSetting, url }) => [
    [portSetting, String(port)],
    ...(urlSetting ? [[urlSetting, url]] : []),
  ]);
  return Object.fromEntries(settings);
}
