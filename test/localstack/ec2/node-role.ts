/** The role and instance profile of a cluster's nodes, where no stack has made them. */
export async function createNodeRole(endpoint: string, name: string): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  await iam(endpoint, { Action: 'CreateRole', RoleName: name, AssumeRolePolicyDocument });
  await iam(endpoint, { Action: 'CreateInstanceProfile', InstanceProfileName: name });
  await iam(endpoint, { Action: 'AddRoleToInstanceProfile', InstanceProfileName: name, RoleName: name });
}

/** LocalStack reads of a signature which service is asked, and no more. */
const SIGNATURE =
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=none';

async function iam(endpoint: string, parameters: Record<string, string>): Promise<void> {
  const body = new URLSearchParams({ ...parameters, Version: '2010-05-08' });
  const response = await fetch(endpoint, { method: 'POST', headers: { authorization: SIGNATURE }, body });
  if (!response.ok) throw new Error(`${parameters['Action']}: ${await response.text()}`);
}
