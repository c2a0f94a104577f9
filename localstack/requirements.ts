import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What start.sh needs that npm does not install, and how to get it; empty: all is there. */
export function missingRequirements(): string[] {
  return [
    !python313() && 'Python 3.13 (https://www.python.org/downloads, or `pyenv install 3.13`; PYTHON313 names it)',
    !runs('java', '-version') && 'a Java JDK, 17 or newer (Debian: apt-get install openjdk-17-jdk-headless)',
    !isInstalled() && !runs('javac', '-version') && 'the compiler of the JDK (Debian: openjdk-17-jdk-headless)',
    !isInstalled() && !runs('mvn', '--version') && 'Maven (Debian: apt-get install maven)',
  ].filter((line) => line !== false);
}

export function installFolder(): string {
  return process.env['LOCALSTACK_DIR'] ?? join(homedir(), '.cache/zeroplane/localstack');
}

export function isInstalled(): boolean {
  const dynamodb = '/var/lib/localstack/lib/dynamodb-local/2/DynamoDBLocal.jar';
  return existsSync(join(installFolder(), 'installed')) && existsSync(dynamodb);
}

function python313(): boolean {
  const named = process.env['PYTHON313'];
  const pyenv = globSync(join(homedir(), '.pyenv/versions/3.13*/bin/python3.13'));
  return [...(named ? [named] : []), 'python3.13', ...pyenv].some((python) => runs(python, '--version'));
}

function runs(program: string, argument: string): boolean {
  return spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;
}
