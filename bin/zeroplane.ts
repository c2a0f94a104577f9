/** The command line tool. Only here the environment is read. */
import { systemClock } from '../lib/runtime/clock.ts';
import packageJson from '../package.json' with { type: 'json' };
import { environment } from './commands/environment.ts';
import { runProgram } from './commands/program.ts';

void runProgram(process.argv, environment(process.env, __dirname, packageJson.version, systemClock));
