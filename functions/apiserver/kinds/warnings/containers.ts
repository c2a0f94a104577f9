import type { EnvVar, PodSpec } from '../../../../lib/api/types.ts';
import { containersWithPaths } from '../pod-spec/containers-of.ts';
import { warnOfFraction } from './fractions.ts';

export function warnOfContainers(warnings: string[], spec: PodSpec, at: string): void {
  for (const [{ resources, env }, path] of containersWithPaths(spec, at)) {
    if (resources) {
      for (const name of ['memory', 'ephemeral-storage']) {
        for (const list of ['limits', 'requests'] as const) {
          warnOfFraction(warnings, resources[list]?.[name], `${path}.resources.${list}[${name}]`);
        }
      }
    }
    if (env && env.length > 1) warnOfHiddenVariables(warnings, env, `${path}.env`);
  }
}

/** A second variable of a name is good only when it builds on the first. */
function warnOfHiddenVariables(warnings: string[], env: EnvVar[], path: string): void {
  const seen = new Set<string>();
  env.forEach(({ name, value = '', valueFrom }, i) => {
    const reference = `$(${name})`;
    if (seen.has(name) && (valueFrom || value === reference || !value.includes(reference))) {
      const why = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
      warnings.push(`${path}[${i}]: ${why}`);
    }
    seen.add(name);
  });
}
