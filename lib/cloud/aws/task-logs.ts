import {
  type CloudWatchLogsClient,
  GetLogEventsCommand,
  type GetLogEventsCommandOutput,
  paginateDescribeLogStreams,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import type { LogLine, LogPage, TaskLogs } from '../tasks.ts';

/** Source: GetLogEvents of the CloudWatch Logs API reference. */
const MAX_EVENTS = 10_000;

/** What the awslogs driver wrote: one stream for each run of a container, `UID/CONTAINER/TASK`. */
export function taskLogs(logs: CloudWatchLogsClient, logGroupName: string): TaskLogs {
  const get = async (stream: string, from: object): Promise<GetLogEventsCommandOutput> =>
    logs.send(new GetLogEventsCommand({ logGroupName, logStreamName: stream, ...from }));
  return {
    async streams(uid, container) {
      const logStreamNamePrefix = `${uid}/${container}/`;
      const pages = paginateDescribeLogStreams({ client: logs }, { logGroupName, logStreamNamePrefix });
      const found: { name: string; createdAtMs: number }[] = [];
      try {
        for await (const { logStreams = [] } of pages)
          found.push(...logStreams.map((one) => ({ name: one.logStreamName!, createdAtMs: one.creationTime ?? 0 })));
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }
      return found
        .sort((a, b) => b.createdAtMs - a.createdAtMs)
        .map(({ name }) => ({ name, taskId: name.split('/').at(-1)! }));
    },
    async page(stream, { next, sinceMs }) {
      const answer = await get(stream, {
        startFromHead: true,
        ...(next && { nextToken: next }),
        ...(sinceMs !== undefined && { startTime: sinceMs }),
      });
      return { lines: linesOf(answer), next: answer.nextForwardToken ?? next ?? '' };
    },
    async tail(stream, count): Promise<LogPage> {
      let answer = await get(stream, { startFromHead: false, limit: Math.min(MAX_EVENTS, Math.max(1, count)) });
      const next = answer.nextForwardToken ?? '';
      let lines = linesOf(answer);
      // The end is where a token leads to itself.
      for (let token: string | undefined; lines.length < count && answer.nextBackwardToken !== token; ) {
        token = answer.nextBackwardToken;
        answer = await get(stream, { startFromHead: false, nextToken: token });
        lines = [...linesOf(answer), ...lines];
      }
      return { lines: count === 0 ? [] : lines.slice(-count), next };
    },
  };
}

function linesOf({ events = [] }: GetLogEventsCommandOutput): LogLine[] {
  return events.map(({ timestamp = 0, message = '' }) => ({ timeMs: timestamp, text: message }));
}
