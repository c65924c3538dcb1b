import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';

// Loaded into a server before everything else. At each SIGUSR2 it writes the files of which a function ran since the last one.
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

process.on('SIGUSR2', () => {
  session.post('Profiler.takePreciseCoverage', (error, { result }) => {
    if (error) throw error;
    const ran = result.filter(({ functions }) => functions.some(({ ranges }) => ranges[0].count > 0));
    const to = process.env.FILES_PASSED_TO;
    writeFileSync(`${to}.part`, JSON.stringify(ran.map(({ url }) => url)));
    renameSync(`${to}.part`, to);
  });
});
