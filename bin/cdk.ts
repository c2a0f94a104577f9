/** The CDK app: `npx cdk deploy --all -c name=NAME -c admins=ARN`. docs/AWS.md has the context values. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { clusterStacks } from '../lib/stacks/cluster.ts';
import { settings } from '../lib/stacks/settings.ts';

const app = new App();
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
clusterStacks(app, settings(app.node, version), { ...(account && { account }), ...(region && { region }) });
