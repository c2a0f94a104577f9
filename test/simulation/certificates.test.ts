import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createCertificateApprovingController } from '../../functions/controllers/certificates/approving.ts';
import { createCertificateCleaner } from '../../functions/controllers/certificates/cleaner.ts';
import { createServingApprovingController } from '../../functions/controllers/certificates/serving-approving.ts';
import { createCertificateSigningController } from '../../functions/controllers/certificates/signing.ts';
import type { ControllerDependencies } from '../../functions/controllers/dependencies.ts';
import {
  API_PROXY_SIGNER,
  CLIENT_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
} from '../../lib/api/signers.ts';
import { isReason } from '../../lib/api/status.ts';
import { certificateSigningRequests, nodes, services } from '../../lib/client/resource-type.ts';
import { issueAuthority } from '../../lib/pki/issue.ts';
import { createRequest, type RequestOptions } from '../../lib/pki/request.ts';
// Loaded beforehand: what a controller loads when it needs it, the clock of a simulation would not wait for.
import '../../lib/pki/sign.ts';
import { type Simulation, simulate } from './control-plane.ts';

const HOUR_MS = 3_600_000;
const NODE = 'system:node:i-1';
const SERVING = ['digital signature', 'server auth'];
const CLIENT = ['digital signature', 'client auth'];

const certificateControllers = (dependencies: ControllerDependencies) => [
  createCertificateApprovingController(dependencies),
  createServingApprovingController(dependencies),
  createCertificateSigningController(dependencies),
  createCertificateCleaner(dependencies),
];

async function start() {
  const authority = await issueAuthority('kubernetes', Date.parse('2026-01-01'));
  const simulation = await simulate({ controllers: certificateControllers, authority: async () => authority });
  const status = { addresses: [{ type: 'InternalIP', address: '10.0.0.7' }] };
  await simulation.client.create(nodes, { metadata: { name: 'i-1' } });
  await simulation.client.patch(nodes, { name: 'i-1' }, { type: 'merge', body: { status } }, { subresource: 'status' });
  return { simulation, authority };
}

interface Ask {
  by?: string;
  signer: string;
  usages: string[];
  content: RequestOptions;
  expirationSeconds?: number;
}

async function ask(simulation: Simulation, { by = NODE, signer, usages, content, expirationSeconds }: Ask) {
  const client = simulation.clientAs({ username: by, groups: by === NODE ? ['system:nodes'] : [] });
  const { request, key } = await createRequest(content);
  const spec = { signerName: signer, usages, request: Buffer.from(request).toString('base64') };
  const stored = await client.create(certificateSigningRequests, {
    metadata: { generateName: 'csr-' },
    spec: { ...spec, ...(expirationSeconds && { expirationSeconds }) },
  });
  await simulation.pass();
  return { name: stored.metadata.name, key };
}

const nodeServing: Ask = {
  signer: KUBELET_SERVING_SIGNER,
  usages: SERVING,
  content: { commonName: NODE, organizations: ['system:nodes'], names: ['i-1', '10.0.0.7'] },
};

function find(simulation: Simulation, name: string) {
  return simulation.client.get(certificateSigningRequests, { name });
}

/** Signing waits for the platform's cryptography, which no clock moves. */
/** Signing is done beside the event loop, and takes as long as it takes there. */
const SIGNED_TURNS = 10_000;
const UNSIGNED_TURNS = 50;

async function certificateOf(
  simulation: Simulation,
  name: string,
  turns = SIGNED_TURNS,
): Promise<X509Certificate | undefined> {
  for (let turn = 0; turn < turns; turn++) {
    const { status } = await find(simulation, name);
    if (status?.certificate) return new X509Certificate(Buffer.from(status.certificate, 'base64'));
    await simulation.pass();
  }
  return undefined;
}

async function conditionsOf(simulation: Simulation, name: string): Promise<string[]> {
  await certificateOf(simulation, name, UNSIGNED_TURNS);
  return ((await find(simulation, name)).status?.conditions ?? []).map(({ type }) => type);
}

describe('what a node serves with', () => {
  test('is approved and signed when the node asks for its own addresses', async () => {
    const { simulation, authority } = await start();
    const { name, key } = await ask(simulation, nodeServing);
    const certificate = (await certificateOf(simulation, name))!;
    expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.subject).toBe(`O=system:nodes\nCN=${NODE}`);
    expect(certificate.checkHost('i-1')).toBe('i-1');
    expect(certificate.checkIP('10.0.0.7')).toBe('10.0.0.7');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(simulation.errors).toEqual([]);
    await simulation.stop();
  });

  test.each([
    ['another address', { content: { ...nodeServing.content, names: ['i-1', '10.0.0.8'] } }],
    ['another name', { content: { ...nodeServing.content, names: ['kubernetes.default.svc'] } }],
    ['another node', { content: { ...nodeServing.content, commonName: 'system:node:i-2' } }],
    ['the right to be a client too', { usages: [...SERVING, 'client auth'] }],
  ])('is not approved for %s', async (_, change) => {
    const { simulation } = await start();
    const { name } = await ask(simulation, { ...nodeServing, ...change });
    expect(await conditionsOf(simulation, name)).toEqual([]);
    await simulation.stop();
  });

  test('waits until the node has said where it is', async () => {
    const { simulation } = await start();
    const { name } = await ask(simulation, {
      ...nodeServing,
      content: { ...nodeServing.content, names: ['10.0.0.8'] },
    });
    expect(await conditionsOf(simulation, name)).toEqual([]);
    const status = { addresses: [{ type: 'InternalIP', address: '10.0.0.8' }] };
    const patch = { type: 'merge', body: { status } } as const;
    await simulation.client.patch(nodes, { name: 'i-1' }, patch, { subresource: 'status' });
    expect((await certificateOf(simulation, name))?.checkIP('10.0.0.8')).toBe('10.0.0.8');
    expect(await conditionsOf(simulation, name)).toEqual(['Approved']);
    await simulation.stop();
  });

  test('for the kubernetes Service may carry its names and address, and those only', async () => {
    const { simulation } = await start();
    const spec = { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'], ports: [{ port: 443 }] };
    await simulation.client.create(services, { metadata: { namespace: 'default', name: 'kubernetes' }, spec });
    const content = (...names: string[]) => ({ ...nodeServing.content, names });
    const own = ['kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', '10.96.0.1'];
    const good = await ask(simulation, { ...nodeServing, signer: API_PROXY_SIGNER, content: content(...own) });
    const bad = await ask(simulation, {
      ...nodeServing,
      signer: API_PROXY_SIGNER,
      content: content('web.default.svc'),
    });
    expect((await certificateOf(simulation, good.name))?.checkIP('10.96.0.1')).toBe('10.96.0.1');
    expect(await conditionsOf(simulation, bad.name)).toEqual([]);
    await simulation.stop();
  });
});

describe('what a node is known by', () => {
  const nodeClient: Ask = {
    signer: KUBELET_CLIENT_SIGNER,
    usages: CLIENT,
    content: { commonName: NODE, organizations: ['system:nodes'] },
  };

  test('is approved as kube-controller-manager words it, and lives as long as was asked', async () => {
    const { simulation } = await start();
    const { name } = await ask(simulation, { ...nodeClient, expirationSeconds: 3600 });
    const certificate = (await certificateOf(simulation, name))!;
    const { status } = await find(simulation, name);
    expect(status!.conditions).toMatchObject([
      {
        type: 'Approved',
        status: 'True',
        reason: 'AutoApproved',
        message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
      },
    ]);
    expect(Date.parse(certificate.validTo) - simulation.clock.now()).toBeCloseTo(HOUR_MS, -4);
    await simulation.stop();
  });

  test('is not approved with an address in it', async () => {
    const { simulation } = await start();
    const { name } = await ask(simulation, { ...nodeClient, content: { ...nodeClient.content, names: ['10.0.0.7'] } });
    expect(await conditionsOf(simulation, name)).toEqual([]);
    await simulation.stop();
  });
});

describe('a client certificate', () => {
  const approve = async (simulation: Simulation, name: string) => {
    const request = await find(simulation, name);
    const conditions = [{ type: 'Approved', status: 'True', reason: 'Reviewed', message: 'by hand' }];
    await simulation.client.update(
      certificateSigningRequests,
      { ...request, status: { conditions } },
      { subresource: 'approval' },
    );
    await simulation.pass();
  };
  const ann: Ask = { by: 'ann', signer: CLIENT_SIGNER, usages: ['client auth'], content: { commonName: 'ann' } };

  test('is signed once somebody approved it, for a year at most', async () => {
    const { simulation } = await start();
    const { name } = await ask(simulation, { ...ann, expirationSeconds: 10 * 365 * 86_400 });
    expect(await conditionsOf(simulation, name)).toEqual([]);
    await approve(simulation, name);
    const certificate = (await certificateOf(simulation, name))!;
    expect(certificate.subject).toBe('CN=ann');
    const minutes = (Date.parse(certificate.validTo) - simulation.clock.now()) / 60_000;
    expect(Math.round(minutes)).toBe(365 * 24 * 60 - 5);
    await simulation.stop();
  });

  test('fails with the reason when its usages are not those of a client', async () => {
    const { simulation } = await start();
    const { name } = await ask(simulation, { ...ann, usages: ['server auth', 'client auth'] });
    await approve(simulation, name);
    expect((await find(simulation, name)).status!.conditions).toMatchObject([
      { type: 'Approved' },
      {
        type: 'Failed',
        status: 'True',
        reason: 'SignerValidationFailure',
        message: 'invalid usage for client certificate: server auth',
      },
    ]);
    await simulation.stop();
  });

  test('leaves no request behind: an hour after it was approved, a day if nobody did', async () => {
    const { simulation } = await start();
    const left = async (name: string) =>
      find(simulation, name).then(
        () => true,
        (error: unknown) => !isReason(error, 'NotFound'),
      );
    const [decided, pending] = [await ask(simulation, ann), await ask(simulation, ann)];
    await approve(simulation, decided.name);
    await certificateOf(simulation, decided.name);
    await simulation.clock.advance(HOUR_MS - 60_000);
    await simulation.pass();
    expect(await left(decided.name)).toBe(true);
    await simulation.clock.advance(120_000);
    await simulation.pass();
    expect([await left(decided.name), await left(pending.name)]).toEqual([false, true]);
    await simulation.clock.advance(23 * HOUR_MS);
    await simulation.pass();
    expect(await left(pending.name)).toBe(false);
    await simulation.stop();
  });
});
