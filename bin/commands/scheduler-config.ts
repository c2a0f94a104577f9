import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import { schedulerConfiguration } from '../../functions/scheduler/configuration/configuration.ts';

/** The file's KubeSchedulerConfiguration as it is written, once it is known to be right: cluster.json keeps it. */
export function readSchedulerConfiguration(file: string): unknown {
  try {
    const value: unknown = parse(readFileSync(file, 'utf8'));
    schedulerConfiguration(value);
    return value;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
