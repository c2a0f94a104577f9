import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The release that localstack/start.sh installs too. */
const VERSION = '2.6.1';
const FOLDER = join(homedir(), '.cache/zeroplane/dynamodb-local', VERSION);
/** Where LocalStack keeps the same. */
const OF_LOCALSTACK = '/var/lib/localstack/lib/dynamodb-local/2/DynamoDBLocal_lib';

const POM = `<project><modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>dynamodb</artifactId><version>1</version>
<dependencies><dependency><groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>${VERSION}</version></dependency></dependencies></project>`;

/** The folder of DynamoDB Local's jars, installed with Maven at the first use; or what the machine lacks for it. */
export function dynamoDbLocal(): { jars: string } | { lack: string } {
  if (!has('java', '-version')) return { lack: 'DynamoDB Local needs Java 17 or newer' };
  const found = [FOLDER, OF_LOCALSTACK].find((folder) => existsSync(folder));
  if (found) return { jars: found };
  if (!has('mvn', '-version')) return { lack: 'DynamoDB Local is installed with Maven, which is not here' };
  return install();
}

/** Moved into place when it is whole: two processes may do it at the same time. */
function install(): { jars: string } | { lack: string } {
  const making = `${FOLDER}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  const pom = join(making, 'pom.xml');
  writeFileSync(pom, POM);
  const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${making}`];
  const { status, stderr } = spawnSync('mvn', [...args, '-Dmdep.useBaseVersion=true'], { encoding: 'utf8' });
  if (status === 0 && !existsSync(FOLDER)) renameSync(making, FOLDER);
  rmSync(making, { recursive: true, force: true });
  return existsSync(FOLDER) ? { jars: FOLDER } : { lack: `Maven could not install DynamoDB Local: ${stderr}` };
}

function has(command: string, argument: string): boolean {
  return spawnSync(command, [argument], { stdio: 'ignore' }).status === 0;
}
