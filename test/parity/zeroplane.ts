import { generateKeyPairSync } from 'node:crypto';
import type { AdmissionPlugin, KindRules } from '../../functions/apiserver/contract.ts';
import { kindRules } from '../../functions/apiserver/kinds/index.ts';
import { security } from '../../functions/apiserver/security.ts';
import { systemClock } from '../../lib/runtime/clock.ts';
import { systemRandom } from '../../lib/runtime/random.ts';
import { openMemoryStore } from '../../lib/storage/embedded/open.ts';
import { realApiserver } from '../fakes/real-apiserver.ts';
import { type Target, warningTexts } from './target.ts';

/** Zeroplane's apiserver in this process, with its admission and allocation, over a memory store. */
export async function startZeroplane(): Promise<Target> {
  const store = await openMemoryStore({ clock: systemClock });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const guard = security({
    store,
    clock: systemClock,
    random: systemRandom,
    serviceCIDR: '10.96.0.0/16',
    serviceAccountKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    issuer: 'https://kubernetes.default.svc.cluster.local',
    endpoint: { address: '127.0.0.1', port: 6443 },
  });
  await guard.bootstrap();
  const services: KindRules = { ...kindRules.get('/services'), companionWrites: guard.serviceWrites };
  const { send } = await realApiserver({
    store,
    kinds: new Map([...kindRules, ['/services', services]]),
    admission: guard.admission.filter(({ name }: AdmissionPlugin) => name !== 'ServiceAccount'),
    clock: systemClock,
    random: systemRandom,
  });
  return {
    async send(method, path, body, contentType) {
      const answer = await send(method, path, body, contentType ? { 'content-type': contentType } : {});
      const warnings = warningTexts(answer.headers.get('warning'));
      return { code: answer.status, body: answer.body, warnings };
    },
    stop: () => store.close(),
  };
}
