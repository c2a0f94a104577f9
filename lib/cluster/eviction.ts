/** What a cluster's nodes are told about eviction, as kubelet's flags; what is absent is the agent's default. */
export interface EvictionSettings {
  /** Below what pods are evicted. */
  evictionHard?: string;
  /** How long a pressure lasts after what caused it. */
  evictionPressureTransitionMs?: number;
}

/** Those that are set, and nothing else. */
export function evictionSettings(
  from: {
    [name in keyof EvictionSettings]: EvictionSettings[name] | undefined;
  },
): EvictionSettings {
  const { evictionHard, evictionPressureTransitionMs } = from;
  return {
    ...(evictionHard === undefined ? {} : { evictionHard }),
    ...(evictionPressureTransitionMs === undefined ? {} : { evictionPressureTransitionMs }),
  };
}
