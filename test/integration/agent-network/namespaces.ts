import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { debianPackages } from '../debian-packages.ts';

/** A machine of network namespaces: a node in the middle, pods and an outside client around it, each on a veth pair of its own. */
export class Namespaces {
  readonly #prefix: string;
  readonly #names: string[] = [];
  readonly #children: ChildProcess[] = [];

  constructor(prefix: string) {
    this.#prefix = prefix;
    debianPackages({ sysctl: 'procps' });
    this.#add('node');
    this.run('node', 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.route_localnet=1');
  }

  /** Joins `name`, with this address, to the node, which becomes its way to everywhere. */
  attach(name: string, address: string, nodeAddress: string): void {
    this.#add(name);
    const [inside, outside] = [`${this.#prefix}-node`, `${this.#prefix}-${name}`];
    execFileSync('ip', ['-n', inside, 'link', 'add', 'dev', name, 'type', 'veth', 'peer', 'eth0', 'netns', outside]);
    this.run('node', 'ip', 'address', 'add', nodeAddress, 'dev', name);
    this.run('node', 'ip', 'link', 'set', 'dev', name, 'up');
    this.run('node', 'ip', 'route', 'add', address, 'dev', name);
    this.run(name, 'ip', 'address', 'add', address, 'dev', 'eth0');
    this.run(name, 'ip', 'link', 'set', 'eth0', 'up');
    this.run(name, 'ip', 'route', 'add', nodeAddress, 'dev', 'eth0');
    this.run(name, 'ip', 'route', 'add', 'default', 'via', nodeAddress.replace(/\/.*/, ''));
  }

  run(name: string, command: string, ...args: string[]): string {
    return execFileSync('nsenter', [`--net=/run/netns/${this.#prefix}-${name}`, command, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  apply(script: string): void {
    execFileSync('nsenter', [`--net=/run/netns/${this.#prefix}-node`, 'nft', '-f', '-'], { input: script });
  }

  /** Answers every connection and datagram on the port with this namespace's name and the client's address. */
  async serve(name: string, port: number): Promise<void> {
    const program = `
      const reply = (address) => '${name} ' + address.replace('::ffff:', '');
      require('node:net').createServer((s) => s.on('error', () => {}).end(reply(s.remoteAddress)))
        .listen(${port}, () => {
          const udp = require('node:dgram').createSocket('udp4');
          udp.on('message', (_, from) => udp.send(reply(from.address), from.port, from.address));
          udp.bind(${port}, () => console.log('ready'));
        });`;
    const child = spawn('nsenter', [`--net=/run/netns/${this.#prefix}-${name}`, process.execPath, '-e', program]);
    this.#children.push(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
  }

  /** What came back from a connection; the error's code when none was made. */
  connect(from: string, address: string, port: number, times = 1, localAddress?: string): string[] {
    const options = JSON.stringify({ host: address, port, localAddress });
    const program = `
      const one = () => new Promise((resolve) => {
        let text = '';
        const socket = require('node:net').connect(${options}).setTimeout(700, () => { socket.destroy(); resolve('ETIMEDOUT'); });
        socket.on('data', (d) => (text += d)).on('end', () => resolve(text)).on('error', (e) => resolve(e.code));
      });
      (async () => { for (let i = 0; i < ${times}; i++) console.log(await one()); process.exit(); })();`;
    return this.run(from, process.execPath, '-e', program).trim().split('\n');
  }

  /** Datagrams from one socket, so from one flow. */
  ask(from: string, address: string, port: number, localPort: number): string {
    const program = `
      const socket = require('node:dgram').createSocket('udp4');
      socket.on('message', (text) => { console.log(String(text)); process.exit(); }).on('error', (e) => { console.log(e.code); process.exit(); });
      socket.bind(${localPort}, () => { socket.connect(${port}, '${address}', () => socket.send('?')); });
      setTimeout(() => { console.log('ETIMEDOUT'); process.exit(); }, 700);`;
    return this.run(from, process.execPath, '-e', program).trim();
  }

  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const name of this.#names) execFileSync('ip', ['netns', 'delete', `${this.#prefix}-${name}`]);
  }

  #add(name: string): void {
    execFileSync('ip', ['netns', 'add', `${this.#prefix}-${name}`]);
    this.#names.push(name);
    this.run(name, 'ip', 'link', 'set', 'lo', 'up');
  }
}
