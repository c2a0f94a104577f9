import { duplicateValue, forbiddenField, notSupported } from '../../../lib/api/causes.ts';
import { DEFAULT_SCHEDULER } from '../cluster-state.ts';
import { type PluginArgs, readPluginConfig } from './plugin-args.ts';
import { type ActivePlugins, readPlugins } from './plugin-sets.ts';
import { type Fields, Reading } from './reading.ts';

/** One of several schedulers in one: pods choose it by `spec.schedulerName`. */
export interface ProfileConfiguration {
  schedulerName: string;
  /** 0: kube-scheduler's own rule. */
  percentageOfNodesToScore: number;
  plugins: ActivePlugins;
  args: PluginArgs;
}

export interface SchedulerConfiguration {
  profiles: readonly ProfileConfiguration[];
  podInitialBackoffMs: number;
  podMaxBackoffMs: number;
}

const API_VERSION = 'kubescheduler.config.k8s.io/v1';
const KIND = 'KubeSchedulerConfiguration';
const BACKOFF = ['podInitialBackoffSeconds', 'podMaxBackoffSeconds'] as const;
const PERCENTAGE = 'percentageOfNodesToScore';
/** Taken and without effect: one process schedules, on one thread, as one client, and serves no profiles. */
const WITHOUT_EFFECT = [
  'parallelism',
  'leaderElection',
  'clientConnection',
  'enableProfiling',
  'enableContentionProfiling',
  'delayCacheUntilActive',
];
const FIELDS = ['apiVersion', 'kind', 'profiles', 'extenders', PERCENTAGE, ...BACKOFF, ...WITHOUT_EFFECT];
const MAX_SECONDS = 2 ** 31 - 1;

/** Reads a KubeSchedulerConfiguration; throws with all that is wrong. Source: ValidateKubeSchedulerConfiguration. */
export function schedulerConfiguration(value: unknown): SchedulerConfiguration {
  const reading = new Reading();
  const configuration = read(reading.object(value, '', FIELDS), reading);
  if (reading.causes.length === 0) return configuration;
  throw new Error(reading.causes.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join('; '));
}

export const DEFAULT_CONFIGURATION = schedulerConfiguration({ apiVersion: API_VERSION, kind: KIND });

function read(fields: Fields, reading: Reading): SchedulerConfiguration {
  for (const [field, supported] of [
    ['apiVersion', API_VERSION],
    ['kind', KIND],
  ] as const) {
    if (fields[field] !== supported) reading.causes.push(notSupported(field, fields[field] ?? '', [supported]));
  }
  // An extender is a webhook that is asked for each pod: nothing calls it here.
  if (reading.list(fields['extenders'], 'extenders').length > 0) {
    reading.causes.push(forbiddenField('extenders', 'extenders are not called'));
  }
  const percentage = readPercentage(fields[PERCENTAGE], PERCENTAGE, 0, reading);
  const [initial, max] = BACKOFF.map((field, i) =>
    reading.whole(fields[field], field, { min: 1, max: MAX_SECONDS, otherwise: [1, 10][i]! }),
  ) as [number, number];
  if (max < initial) reading.invalid(BACKOFF[1], max, `must be greater than or equal to ${BACKOFF[0]}`);
  const given = reading.list(fields['profiles'], 'profiles');
  const profiles = (given.length > 0 ? given : [{}]).map((profile, i) =>
    readProfile(profile, i, given.length, percentage, reading),
  );
  profiles.forEach(({ schedulerName }, i) => {
    const first = profiles.findIndex((other) => other.schedulerName === schedulerName);
    if (first < i) reading.causes.push(duplicateValue(`profiles[${i}].schedulerName`, schedulerName));
  });
  return { profiles, podInitialBackoffMs: 1000 * initial, podMaxBackoffMs: 1000 * max };
}

function readPercentage(value: unknown, path: string, otherwise: number, reading: Reading): number {
  return reading.whole(value, path, { min: 0, max: 100, otherwise });
}

/** A profile that is alone may leave its name out. Source: SetDefaults_KubeSchedulerConfiguration. */
function readProfile(
  value: unknown,
  index: number,
  count: number,
  percentage: number,
  reading: Reading,
): ProfileConfiguration {
  const path = `profiles[${index}]`;
  const fields = reading.object(value, path, ['schedulerName', PERCENTAGE, 'plugins', 'pluginConfig']);
  const name = fields['schedulerName'] ?? (count <= 1 ? DEFAULT_SCHEDULER : undefined);
  return {
    schedulerName: reading.text(name, `${path}.schedulerName`),
    percentageOfNodesToScore: readPercentage(fields[PERCENTAGE], `${path}.${PERCENTAGE}`, percentage, reading),
    plugins: readPlugins(fields['plugins'], `${path}.plugins`, reading),
    args: readPluginConfig(fields['pluginConfig'], `${path}.pluginConfig`, reading),
  };
}
