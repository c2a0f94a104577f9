import { methodNotAllowed } from '../../method-not-allowed.ts';
import { attributes, mutate, validate } from '../admit.ts';
import type { Answer, Call, Verb } from '../call.ts';
import { getItem } from '../get.ts';
import { writeOptions } from '../options.ts';
import { readObject } from '../read-object.ts';
import { decodeStored } from '../stored.ts';

const TOKEN_REQUEST = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };

/** POST serviceaccounts/NAME/token: a bound token. Source: KEP-1205. */
async function createToken(call: Call): Promise<Answer> {
  const issue = call.server.createToken;
  if (!issue) throw methodNotAllowed();
  const options = writeOptions(call, 'CreateOptions');
  const tokenRequest = await readObject(call, options, TOKEN_REQUEST);
  const serviceAccount = decodeStored((await getItem(call)).value);
  const given = attributes(call, { operation: 'CREATE', object: tokenRequest, dryRun: options.dryRun });
  await mutate(call, given);
  await validate(call, given);
  const { namespace } = call.info;
  return { status: 201, object: await issue({ serviceAccount, tokenRequest, user: call.user, namespace }) };
}

export const token: Readonly<Record<string, Verb>> = { create: createToken };
