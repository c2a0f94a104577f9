import type { Document } from '../dependencies.ts';
import type { TokenKeys } from './signing-key.ts';

export const JWKS_PATH = '/openid/v1/jwks';
export const CONFIGURATION_PATH = '/.well-known/openid-configuration';

/** What a relying party needs to check tokens by itself: OpenID Connect Discovery 1.0, RFC 7517. `server`: https://HOST:PORT. */
export function tokenDocuments(
  keys: TokenKeys,
  issuer: string,
  server: string,
): ReadonlyMap<string, () => Promise<Document>> {
  const configuration = {
    issuer,
    jwks_uri: `${server}${JWKS_PATH}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: keys.algorithms,
  };
  return new Map([
    [JWKS_PATH, async () => ({ contentType: 'application/jwk-set+json', body: JSON.stringify(keys.jwks()) })],
    [CONFIGURATION_PATH, async () => ({ contentType: 'application/json', body: JSON.stringify(configuration) })],
  ]);
}
