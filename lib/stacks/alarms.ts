import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { names } from './names.ts';
import type { Settings } from './settings.ts';
import type { StreamFunction } from './stream-function.ts';

/** Dead letters mean that something was given up. Ten cents a month each, so that they are made only when asked for. */
export function alarms(scope: Construct, settings: Settings, functions: readonly StreamFunction[]): void {
  for (const { deadLetters, node } of functions) {
    new Alarm(scope, `${node.id}DeadLettersAlarm`, {
      alarmName: `${names(settings).function(node.id.toLowerCase())}-dead-letters`,
      alarmDescription: 'Changes that a function failed on again and again wait in this queue',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(5),
        statistic: 'Maximum',
      }),
      threshold: 0,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
