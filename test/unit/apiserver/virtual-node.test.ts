import { VIRTUAL_NODE_LABEL } from '../../../lib/api/virtual-node.ts';
import { realApiserver } from '../../fakes/real-apiserver.ts';

const PODS = '/api/v1/namespaces/default/pods';

async function start() {
  const asked: URL[] = [];
  const backend = {
    async send({ url }: { url: URL }) {
      asked.push(url);
      return new Response('a line\n');
    },
  };
  const server = await realApiserver({ backend });
  const labels = { [VIRTUAL_NODE_LABEL]: 'fargate' };
  await server.send('POST', '/api/v1/nodes', { metadata: { name: 'fargate', labels } });
  const spec = { nodeName: 'fargate', containers: [{ name: 'c', image: 'i' }] };
  const { body } = await server.send('POST', PODS, { metadata: { name: 'p' }, spec });
  return { ...server, asked, uid: body.metadata.uid as string };
}

describe('a pod on a virtual node', () => {
  test('has its log where its provider keeps it', async () => {
    const { send, asked, uid } = await start();
    const { status } = await send('GET', `${PODS}/p/log?tailLines=3`);
    expect(status).toBe(200);
    const [url] = asked;
    expect(url!.href).toBe(`virtual://fargate/containerLogs/default/p/c?uid=${uid}&tailLines=3`);
  });

  test.each(['exec?command=id', 'attach', 'portforward?ports=80'])('refuses %s, and says so', async (action) => {
    const { send, asked } = await start();
    const { status, body } = await send('POST', `${PODS}/p/${action}`, undefined, { 'zeroplane-session': 'open' });
    expect(status).toBe(405);
    expect(body).toMatchObject({ kind: 'Status', reason: 'MethodNotAllowed' });
    expect(body.message).toContain('not supported on the virtual node fargate');
    expect(asked).toEqual([]);
  });
});
