import { execFile } from 'node:child_process';
import { chromium } from 'playwright-core';
import { eventually, shopImage, TestCluster } from './cluster.ts';
import { debianPackages } from './debian-packages.ts';

const cluster = new TestCluster('network');
/** A refusal is a silence of some seconds, several to a test. */
jest.setTimeout(60_000);

beforeAll(async () => {
  debianPackages({ curl: 'curl', openssl: 'openssl', chromium: 'chromium' });
  await cluster.up('--nodes', '2');
  const load = await cluster.zeroplane('image', 'load', shopImage());
  if (load.code !== 0) throw new Error(load.stderr);
}, 300_000);
afterAll(() => cluster.delete(), 60_000);

describe('the web-ingress example', () => {
  let address: string;

  beforeAll(async () => {
    await cluster.script('examples/web-ingress/make-certificate.sh');
    await cluster.kubectl('apply', '-f', 'examples/web-ingress/web-ingress.yaml');
    for (const part of ['storefront', 'cart', 'docs'])
      await cluster.kubectl('rollout', 'status', `deployment/${part}`, '--timeout=120s');
    address = await eventually(async () => {
      const { status } = await cluster.json('get', 'ingress', 'shop');
      return status.loadBalancer.ingress?.[0]?.ip;
    });
    await eventually(async () => (await curl('https://shop.example/')).includes('Shop'));
  }, 180_000);

  /** What curl prints; the hosts are at the Ingress' address. */
  const curl = (...args: string[]) =>
    output('curl', [
      ...['-sS', '--insecure', '--max-time', '10'],
      ...['shop', 'docs', 'gone'].flatMap((host) =>
        [443, 80].flatMap((port) => ['--resolve', `${host}.example:${port}:${address}`]),
      ),
      ...args,
    ]);
  const partOf = (url: string) => curl('-o', '/dev/null', '-w', '%header{x-part}', url);

  test('hosts and paths lead to the parts that their rules name', async () => {
    expect(await partOf('https://shop.example/')).toBe('storefront');
    expect(await partOf('https://shop.example/anything')).toBe('storefront');
    expect(await partOf('https://shop.example/cart/items')).toBe('cart');
    expect(await partOf('https://shop.example/cartoon')).toBe('storefront');
    expect(await partOf('https://shop.example/help')).toBe('docs');
    expect(await partOf('https://shop.example/help/more')).toBe('storefront');
    expect(await curl('https://docs.example/guide')).toBe('docs: /guide for https\n');
  });

  test('TLS shows the Secret’s certificate; plain requests are sent over to it', async () => {
    expect(await curl('-v', '--stderr', '-', 'https://docs.example/')).toMatch(/subject: CN=shop.example/);
    expect(await curl('-o', '/dev/null', '-w', '%{http_code} %{redirect_url}', 'http://shop.example/x')).toBe(
      '308 https://shop.example/x',
    );
  });

  test('it answers at 127.0.0.1 too, at the ports that status names', async () => {
    const [, port] =
      /127\.0\.0\.1:\d+; https.* 127\.0\.0\.1:(\d+)/.exec((await cluster.zeroplane('status')).stdout) ?? [];
    expect(await curl('--resolve', `shop.example:${port}:127.0.0.1`, `https://shop.example:${port}/cart`)).toBe(
      '{"items":[]}',
    );
  });

  test('a browser uses it', async () => {
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        `--host-resolver-rules=MAP *.example ${address}`,
      ],
    });
    try {
      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      await page.goto('http://shop.example/');
      expect(page.url()).toBe('https://shop.example/');
      await page.getByText('In the cart: 0').waitFor();
      await page.getByRole('button', { name: 'Add a pear' }).click();
      await page.getByText('In the cart: 1').waitFor();
      await page.goto('https://docs.example/start');
      expect(await page.textContent('body')).toContain('docs: /start');
    } finally {
      await browser.close();
    }
  }, 120_000);

  test('replicas that come and go cost no request', async () => {
    const statuses = new Set<string>();
    let running = true;
    const client = (async () => {
      while (running) statuses.add(await curl('-o', '/dev/null', '-w', '%{http_code}', 'https://shop.example/'));
    })();
    await cluster.kubectl('scale', 'deployment/storefront', '--replicas=4');
    await cluster.kubectl('rollout', 'status', 'deployment/storefront', '--timeout=120s');
    await cluster.kubectl('rollout', 'restart', 'deployment/storefront');
    await cluster.kubectl('rollout', 'status', 'deployment/storefront', '--timeout=120s');
    await cluster.kubectl('scale', 'deployment/storefront', '--replicas=1');
    await eventually(async () => (await cluster.json('get', 'pods', '-l', 'part=storefront')).items.length === 1);
    running = false;
    await client;
    expect(statuses).toEqual(new Set(['200']));
  }, 240_000);

  test('a Secret and a Service that are not there are told of', async () => {
    const create = ['create', 'ingress', 'broken', '--rule=gone.example/*=nobody:80,tls=nothing'];
    await cluster.kubectl(...create);
    const reasons = async () => {
      const { items } = await cluster.json('get', 'events', '--field-selector=involvedObject.name=broken');
      return new Set(items.map((event: any) => event.reason));
    };
    await eventually(async () => {
      const seen = await reasons();
      return seen.has('SecretNotFound') && seen.has('ServiceNotFound');
    });
    expect(await curl('https://gone.example/', '-o', '/dev/null', '-w', '%{http_code}')).toBe('503');
  });
});

describe('a Service of type LoadBalancer', () => {
  test('has an address of the machine, which is free again when it is none any more', async () => {
    await cluster.kubectl(
      'expose',
      'deployment/docs',
      '--name=docs-lb',
      '--type=LoadBalancer',
      '--port=80',
      '--target-port=8080',
    );
    const ip = await eventually(async () => {
      const { status } = await cluster.json('get', 'service', 'docs-lb');
      return status.loadBalancer.ingress?.[0]?.ip as string | undefined;
    });
    expect(await eventually(() => output('curl', ['-sS', '--max-time', '5', `http://${ip}/lb`]))).toMatch(
      /^docs: \/lb/,
    );
    await cluster.kubectl('patch', 'service', 'docs-lb', '-p', '{"spec":{"type":"ClusterIP"}}');
    await eventually(async () => {
      const { status } = await cluster.json('get', 'service', 'docs-lb');
      return status.loadBalancer.ingress === undefined && !(await output('ip', ['route'])).includes(`${ip} via`);
    });
  }, 60_000);
});

describe('the network-policy example', () => {
  beforeAll(async () => {
    await cluster.kubectl('apply', '-f', 'examples/network-policy/network-policy.yaml');
    for (const tier of ['web', 'database'])
      await cluster.kubectl('rollout', 'status', `deployment/${tier}`, '--namespace=walled', '--timeout=120s');
  }, 180_000);

  /** Whether a pod of this Deployment gets an answer from there. */
  const reaches = async (deployment: string, namespace: string, url: string): Promise<boolean> => {
    const program = `fetch('${url}',{signal:AbortSignal.timeout(3000)}).then(r=>console.log(r.status),e=>console.log(e.name))`;
    const pod = `deployment/${deployment}`;
    return (await cluster.kubectl('exec', pod, '--namespace', namespace, '--', 'node', '-e', program)).trim() === '200';
  };

  test('probes pass, and the web tier reaches its database by name', async () => {
    expect(await eventually(() => reaches('web', 'walled', 'http://database.walled/cart'))).toBe(true);
  });

  test('others reach the web tier and not the database', async () => {
    expect(await reaches('docs', 'default', 'http://web.walled/')).toBe(true);
    expect(await reaches('docs', 'default', 'http://database.walled/')).toBe(false);
  });

  test('nothing leaves but what is allowed', async () => {
    expect(await reaches('web', 'walled', 'http://docs.default/')).toBe(false);
    expect(await reaches('database', 'walled', 'http://web.walled/')).toBe(false);
  });

  test('a policy that goes takes its walls along', async () => {
    await cluster.kubectl('delete', 'networkpolicy', '--all', '--namespace=walled');
    expect(await eventually(() => reaches('docs', 'default', 'http://database.walled/'))).toBe(true);
    expect(await reaches('web', 'walled', 'http://docs.default/')).toBe(true);
  });
});

function output(file: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
}
