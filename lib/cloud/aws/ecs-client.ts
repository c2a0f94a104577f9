/** To be imported late: a dynamic import of the package itself would bundle all of it. */
export { ECSClient } from '@aws-sdk/client-ecs';
