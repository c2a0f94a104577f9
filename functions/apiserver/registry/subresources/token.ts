import { methodNotAllowed } from '../../method-not-allowed.ts';
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
  const tokenRequest = await readObject(call, writeOptions(call, 'CreateOptions'), TOKEN_REQUEST);
  const serviceAccount = decodeStored((await getItem(call)).value);
  const { namespace } = call.info;
  return { status: 201, object: await issue({ serviceAccount, tokenRequest, user: call.user, namespace }) };
}

export const token: Readonly<Record<string, Verb>> = { create: createToken };
