import { Cron } from 'croner';
import { parseDuration } from '../../../lib/api/duration.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { CronJob } from '../../../lib/api/types.ts';

/** When a schedule fires. Undefined from `next`: never again. */
export interface Schedule {
  next(afterMs: number): number | undefined;
}

/** Throws what the parser finds wrong. Five fields or a descriptor, in the zone that is named or in UTC. KEP-3140. */
export function parseSchedule({ spec }: CronJob): Schedule {
  const text = spec?.schedule ?? '';
  if (text.startsWith('@every ')) return every(text.slice('@every '.length));
  // Without mode, croner takes six fields too.
  const cron = new Cron(text, { mode: '5-part', timezone: spec?.timeZone ?? 'Etc/UTC', paused: true });
  return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() };
}

/** Counted from the second, as robfig/cron does. */
function every(duration: string): Schedule {
  const nanoseconds = parseDuration(duration);
  if (nanoseconds === undefined) throw new Error(`failed to parse duration ${duration}`);
  const periodMs = Math.max(1000, Math.floor(nanoseconds / 1e9) * 1000);
  return { next: (afterMs) => Math.floor(afterMs / 1000) * 1000 + periodMs };
}

export interface Due {
  /** The latest time that has come and was not served; undefined if none. */
  dueMs: number | undefined;
  nextMs: number | undefined;
  /** So many passed that something must be wrong: a clock, a long pause. */
  tooMany: boolean;
}

/** Source: pkg/controller/cronjob/utils.go, mostRecentScheduleTime. */
const MANY_MISSED = 100;
/** A schedule by the minute that slept a year would be walked for half a million steps. */
const MAX_STEPS = 600_000;

export function dueTime(cronJob: CronJob, schedule: Schedule, now: number): Due {
  const { startingDeadlineSeconds } = cronJob.spec ?? {};
  const created = timeMs(cronJob.metadata?.creationTimestamp);
  let earliest = cronJob.status?.lastScheduleTime ? timeMs(cronJob.status.lastScheduleTime) : created;
  if (startingDeadlineSeconds !== undefined) earliest = Math.max(earliest, now - startingDeadlineSeconds * 1000);
  let dueMs: number | undefined;
  let missed = 0;
  let nextMs = schedule.next(earliest);
  while (nextMs !== undefined && nextMs <= now && missed < MAX_STEPS) {
    dueMs = nextMs;
    missed++;
    nextMs = schedule.next(nextMs);
  }
  return { dueMs, nextMs, tooMany: missed > MANY_MISSED };
}
