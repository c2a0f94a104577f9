/** The command line tool. Only here the environment is read. */
import { systemClock } from '../lib/runtime/clock.ts';
import packageJson from '../package.json' with { type: 'json' };
import { environment } from './commands/environment.ts';
import { runProgram } from './commands/program.ts';

// A root shell by `su` has no sbin folders in its PATH (su(1) on Debian since 10).
process.env['PATH'] = [process.env['PATH'], '/usr/sbin', '/sbin'].filter(Boolean).join(':');

// The clock's timers keep no process alive, but a command that waits must end before its process.
const hold = setInterval(() => undefined, 60_000);
void runProgram(process.argv, environment(process.env, __dirname, packageJson.version, systemClock)).finally(() =>
  clearInterval(hold),
);
