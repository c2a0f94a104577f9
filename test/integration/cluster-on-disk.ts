import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { TestCluster } from './cluster.ts';

const MIB = 2 ** 20;

/** A cluster whose state lies on a small disk of its own: an ext4 file system in a file, which the test may fill. */
export class ClusterOnDisk extends TestCluster {
  get #disk(): string {
    return join(this.folder, 'disk');
  }

  get #filler(): string {
    return join(this.#disk, 'filler');
  }

  override get stateDir(): string {
    return join(this.#disk, 'state');
  }

  mount(sizeMiB: number): void {
    const image = join(this.folder, 'disk.img');
    mkdirSync(this.#disk);
    execFileSync('truncate', ['-s', `${sizeMiB}M`, image]);
    execFileSync('mkfs.ext4', ['-q', '-m', '0', image]);
    execFileSync('mount', ['-o', 'loop', image, this.#disk]);
  }

  get availableMiB(): number {
    const { bavail, bsize } = statfsSync(this.#disk);
    return Math.floor((bavail * bsize) / MIB);
  }

  /** Takes room until only this much is left. */
  leave(mib: number): void {
    execFileSync('fallocate', ['-l', `${this.availableMiB - mib}M`, this.#filler]);
  }

  /** Takes the last block. */
  fill(): void {
    const file = openSync(this.#filler, 'a');
    for (const size of [MIB, 4096]) while (tookRoom(file, size));
    closeSync(file);
  }

  free(): void {
    rmSync(this.#filler, { force: true });
  }

  override async delete(): Promise<void> {
    this.free();
    await this.zeroplane('down', '--delete');
    execFileSync('umount', [this.#disk]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function tookRoom(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
