import { Agent, request } from 'node:https';

const base = '/api/v1/namespaces/default/configmaps';
const WRITERS = 8;
const RETRY_MS = 50;

interface Answer {
  status: number;
  object: any;
}

/** Writers and a watcher that remember what the server acknowledged, and check it after each crash. */
export class CrashLoad {
  readonly #agent: Agent;
  readonly #url: URL;
  /** Name → the `round` value acknowledged last; a write without an answer may have happened: both values are right. */
  readonly #acknowledged = new Map<string, { revision: number; values: string[] }>();
  readonly #watched = new Map<string, number>();
  #watchRevision = 0;
  #newest = 0;
  #counter = 0;
  #stopped = false;
  #watching: Promise<void> | undefined;

  private constructor(agent: Agent, url: URL) {
    this.#agent = agent;
    this.#url = url;
  }

  static async start(kubeconfig: string): Promise<CrashLoad> {
    const config = JSON.parse(kubeconfig);
    const { cluster } = config.clusters[0];
    const { user } = config.users[0];
    const text = (data: string) => Buffer.from(data, 'base64').toString('utf8');
    const agent = new Agent({
      keepAlive: true,
      ca: text(cluster['certificate-authority-data']),
      cert: text(user['client-certificate-data']),
      key: text(user['client-key-data']),
    });
    const load = new CrashLoad(agent, new URL(cluster.server));
    load.#newest = Number((await load.#call('GET', base)).object.metadata.resourceVersion);
    load.#watchRevision = load.#newest;
    load.#watching = load.#watch();
    return load;
  }

  /** Starts writers; resolves after `acknowledgements` more writes were acknowledged, while writers go on until the server dies. */
  async write(acknowledgements: number): Promise<void> {
    let left = acknowledgements;
    await new Promise<void>((resolve) => {
      const done = () => {
        if (--left === 0) resolve();
      };
      this.#writers = Promise.all(Array.from({ length: WRITERS }, () => this.#writeUntilDead(done)));
    });
  }

  #writers: Promise<unknown> = Promise.resolve();

  /** The writers have all met the dead server. */
  async settle(): Promise<void> {
    await this.#writers;
  }

  async ready(): Promise<boolean> {
    return (await this.#call('GET', '/readyz')).status === 200;
  }

  async verify(): Promise<void> {
    const { object: list } = await this.#call('GET', base);
    const present = new Map<string, any>(list.items.map((item: any) => [item.metadata.name, item]));
    for (const [name, { revision, values }] of this.#acknowledged) {
      const item = present.get(name);
      if (!item) throw new Error(`${name} was acknowledged at ${revision} and is lost`);
      if (!values.includes(item.data.value))
        throw new Error(`${name} holds ${item.data.value}, acknowledged ${values}`);
      if (item.data.check !== item.data.value) throw new Error(`${name} is half-written`);
      if (Number(item.metadata.resourceVersion) < revision)
        throw new Error(`${name} went back to ${item.metadata.resourceVersion}`);
    }
    const listRevision = Number(list.metadata.resourceVersion);
    if (listRevision < this.#newest)
      throw new Error(`revision ${listRevision} is below ${this.#newest}, which was acknowledged`);
    this.#newest = listRevision;
    await this.#watcherHas(present);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#agent.destroy();
    await this.#watching;
  }

  async #writeUntilDead(acknowledged: () => void): Promise<void> {
    for (;;) {
      const name = `crash-${this.#counter++}`;
      if (!(await this.#put('POST', base, name, 'first', acknowledged))) return;
      if (!(await this.#put('PUT', `${base}/${name}`, name, 'second', acknowledged))) return;
    }
  }

  async #put(method: string, path: string, name: string, value: string, acknowledged: () => void): Promise<boolean> {
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { value, filler: 'x'.repeat(1500), check: value },
    };
    const known = this.#acknowledged.get(name);
    try {
      const { status, object } = await this.#call(method, path, body);
      if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(object)}`);
      const revision = Number(object.metadata.resourceVersion);
      this.#acknowledged.set(name, { revision, values: [value] });
      this.#newest = Math.max(this.#newest, revision);
      acknowledged();
      return true;
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      if (known) known.values.push(value);
      return false;
    }
  }

  /** Resumes from the last revision it saw, over every crash: an event must come once and in order. */
  async #watch(): Promise<void> {
    while (!this.#stopped) {
      await this.#watchOnce().catch((error) => {
        if (!isConnectionError(error)) throw error;
      });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #watchOnce(): Promise<void> {
    const path = `${base}?watch=true&resourceVersion=${this.#watchRevision}`;
    return new Promise((resolve, reject) => {
      const call = request(new URL(path, this.#url), { agent: this.#agent }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
          for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
            this.#saw(JSON.parse(text.slice(0, end)));
            text = text.slice(end + 1);
          }
        });
        response.on('error', reject);
        response.on('close', resolve);
      });
      call.on('error', reject);
      call.end();
    });
  }

  #saw(event: any): void {
    if (event.type === 'ERROR') throw new Error(`the watch could not resume: ${event.object.message}`);
    const revision = Number(event.object.metadata.resourceVersion);
    if (revision <= this.#watchRevision) throw new Error(`revision ${revision} came after ${this.#watchRevision}`);
    this.#watchRevision = revision;
    if (event.object.metadata.name.startsWith('crash-')) this.#watched.set(event.object.metadata.name, revision);
  }

  async #watcherHas(present: Map<string, any>): Promise<void> {
    const missing = () =>
      [...present.values()].filter(
        (item) =>
          item.metadata.name.startsWith('crash-') &&
          this.#watched.get(item.metadata.name) !== Number(item.metadata.resourceVersion),
      );
    for (let tries = 0; missing().length && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    if (missing().length)
      throw new Error(`the watcher missed ${missing().length} changes, first ${missing()[0].metadata.name}`);
  }

  #call(method: string, path: string, body?: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = request(
        new URL(path, this.#url),
        { agent: this.#agent, method, headers: body ? { 'content-type': 'application/json' } : {} },
        (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('error', reject);
          response.on('aborted', () => reject(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, object: text.startsWith('{') ? JSON.parse(text) : text }),
          );
        },
      );
      call.on('error', reject);
      call.end(body ? JSON.stringify(body) : undefined);
    });
  }
}

function isConnectionError(error: unknown): boolean {
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ECONNABORTED'].includes((error as { code?: string }).code ?? '');
}
