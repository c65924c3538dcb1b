import { Command } from 'commander';
import { contextOf } from '../context.js';
import { facts, table } from '../output.js';

/** `curfew status`. */
export const status = (): Command =>
  new Command('status')
    .summary('live sessions, and recent ends with their reasons')
    .addHelpText('after', '\nExamples:\n  curfew status\n  curfew status --json')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const admin = await context.admin();
      const stats = await admin.get('/v1/stats');
      if (context.output.json) return context.output.line(JSON.stringify(stats, null, 2));
      const { sessions } = stats;
      context.output.line(
        facts([
          ['service', admin.connection.issuer],
          ['counted at', stats.counted_at],
          ['live sessions', sessions.live],
          ['started, last 24 h', sessions.started_last_24h],
          ['accounts', stats.accounts],
          ['clients', stats.clients],
          ...(sessions.unsettled_mass_ends > 0
            ? ([['mass ends being recorded', sessions.unsettled_mass_ends]] as [string, unknown][])
            : []),
        ]),
      );
      const live = sessions.live_by_client
        .slice(0, 20)
        .map((one: { client_id: string; count: number }) => [one.client_id, one.count]);
      if (live.length > 0) context.output.line(`\n${table(['CLIENT', 'LIVE'], live)}`);
      const ended = Object.entries(sessions.ended_last_24h);
      if (ended.length > 0) context.output.line(`\n${table(['ENDED, LAST 24 H', 'SESSIONS'], ended)}`);
    });
