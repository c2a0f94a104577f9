import type { Cause } from '../../../../lib/api/status.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';
export type Mode = 'enforce' | 'audit' | 'warn';

/** `restricted:v1.30`; a minor version of Infinity is `latest`. */
export interface LevelVersion {
  level: Level;
  minor: number;
}

export type Policy = Record<Mode, LevelVersion>;

const LEVELS: readonly Level[] = ['privileged', 'baseline', 'restricted'];
const LATEST = Number.POSITIVE_INFINITY;
const PREFIX = 'pod-security.kubernetes.io/';

export function textOf({ level, minor }: LevelVersion): string {
  return `${level}:${minor === LATEST ? 'latest' : `v1.${minor}`}`;
}

export function isStricter(left: Level, right: Level): boolean {
  return LEVELS.indexOf(left) > LEVELS.indexOf(right);
}

type Labels = Readonly<Record<string, string>>;

/**
 * A namespace's policy. What cannot be read is taken as restricted to enforce, and as privileged to audit and warn.
 * Source: k8s.io/pod-security-admission/api/helpers.go PolicyToEvaluate.
 */
export function policyOf(labels: Labels = {}): { policy: Policy; causes: Cause[] } {
  const causes: Cause[] = [];
  const policy: Policy = {
    enforce: read('enforce', 'restricted', labels, causes),
    audit: read('audit', 'privileged', labels, causes),
    warn: read('warn', 'privileged', labels, causes),
  };
  warnOfEnforced(policy, labels);
  return { policy, causes };
}

function read(mode: Mode, fallback: Level, labels: Labels, causes: Cause[]): LevelVersion {
  const level = labels[PREFIX + mode];
  const version = labels[`${PREFIX}${mode}-version`];
  const result: LevelVersion = { level: 'privileged', minor: LATEST };
  if (level !== undefined) {
    const known = LEVELS.find((one) => one === level);
    if (!known) causes.push(fault(PREFIX + mode, level, `must be one of ${LEVELS.join(', ')}`));
    result.level = known ?? fallback;
  }
  if (version !== undefined && version !== 'latest') {
    const minor = /^v1\.(0|[1-9][0-9]*)$/.exec(version)?.[1];
    if (minor === undefined) causes.push(fault(`${PREFIX}${mode}-version`, version, 'must be "latest" or "v1.x"'));
    else result.minor = Number(minor);
  }
  return result;
}

function fault(label: string, value: string, why: string): Cause {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  return { reason: 'FieldValueInvalid', message, field: `metadata.labels[${label}]` };
}

/** Who sets only what is enforced is also told of what a Deployment's pods would meet. */
function warnOfEnforced(policy: Policy, labels: Labels): void {
  const asked = labels[`${PREFIX}enforce`];
  if (labels[`${PREFIX}warn`] !== undefined || asked !== policy.enforce.level) return;
  if (!isStricter(policy.enforce.level, policy.warn.level)) return;
  policy.warn.level = policy.enforce.level;
  if (labels[`${PREFIX}warn-version`] === undefined) policy.warn.minor = policy.enforce.minor;
}
