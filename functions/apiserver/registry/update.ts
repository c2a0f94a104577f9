import type { Answer, Call } from './call.ts';
import { guaranteedUpdate, mainStrategy, replacement } from './guaranteed-update.ts';
import { matchName, matchNamespace, withMeta } from './metadata.ts';
import { writeOptions } from './options.ts';
import { readObject } from './read-object.ts';

export async function update(call: Call): Promise<Answer> {
  const options = writeOptions(call, 'UpdateOptions');
  const wanted = withMeta(await readObject(call, options));
  matchNamespace(call, wanted.metadata);
  matchName(call, wanted.metadata);
  return guaranteedUpdate(call, {
    options,
    next: replacement(call, wanted),
    strategy: mainStrategy,
    createIfAbsent: call.type.rules.createOnUpdate ?? false,
  });
}
