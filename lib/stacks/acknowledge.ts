import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Rules of cdk-nag's AWS Solutions that do not hold for what is below this construct, each with the reason. */
export function acknowledge(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(scope).acknowledge({ id, reason });
}

/** cdk-nag's name of the finding that a role's statement names resources with a wildcard. */
export function wildcard(service: string, resource: string): string {
  return `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:${service}:<AWS::Region>:<AWS::AccountId>:${resource}]`;
}

/** The same of what AWS itself publishes, which belongs to no account. */
export function publicly(service: string, resource: string): string {
  return `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:${service}:<AWS::Region>::${resource}]`;
}

export const ANY_RESOURCE = 'AwsSolutions-IAM5[Resource::*]';
