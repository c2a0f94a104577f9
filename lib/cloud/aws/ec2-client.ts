/** To be imported late: a dynamic import of the package itself would bundle all of it. */
export { EC2Client } from '@aws-sdk/client-ec2';
