import type { Verb } from '../call.ts';
import type { UpdateStrategy } from '../guaranteed-update.ts';
import { noCauses, onlyChange, updateWith } from './restricted.ts';

/** PUT namespaces/NAME/finalize: spec.finalizers alone. The last one that goes lets the namespace go. */
const strategy: UpdateStrategy = {
  prepare(_call, object, old) {
    onlyChange(object, old, (from, to) => {
      to['spec'] = { ...to['spec'] };
      const { finalizers } = from['spec'] ?? {};
      if (finalizers?.length) to['spec'].finalizers = finalizers;
      else delete to['spec'].finalizers;
    });
  },
  validate: noCauses,
};

export const finalize: Readonly<Record<string, Verb>> = { update: (call) => updateWith(call, strategy) };
