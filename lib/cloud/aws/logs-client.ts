/** To be imported late: a dynamic import of the package itself would bundle all of it. */
export { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
