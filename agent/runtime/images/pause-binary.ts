/**
 * The program of a pod's sandbox, as machine code: no compiler, package or registry is needed to make the sandbox image.
 * As process 1 of a shared pid namespace it must outlive everything, reap orphans and end on SIGTERM or SIGINT.
 *
 *   set = { SIGINT, SIGTERM, SIGCHLD }
 *   rt_sigprocmask(SIG_BLOCK, set)        blocked signals reach even a process 1 that has no handlers
 *   loop: signal = rt_sigtimedwait(set)
 *         SIGCHLD: while (wait4(-1, NULL, WNOHANG) > 0);
 *         SIGINT, SIGTERM: exit_group(0)
 */
export type Architecture = 'amd64' | 'arm64';

export function pauseBinary(architecture: Architecture): Buffer {
  return elf(MACHINES[architecture], Buffer.from(CODE[architecture].replaceAll(/\s/g, ''), 'hex'));
}

/** System calls by number: 14 rt_sigprocmask, 128 rt_sigtimedwait, 231 exit_group, 61 wait4. The last 8 bytes are the set. */
const AMD64 = `
  b80e000000 31ff 488d3552000000 31d2 41ba08000000 0f05
  b880000000 488d3d3c000000 31f6 31d2 41ba08000000 0f05
  83f811 740d 85c0 78df b8e7000000 31ff 0f05
  b83d000000 48c7c7ffffffff 31f6 ba01000000 4531d2 0f05 85c0 7fe4 ebb8
  0240010000000000`;

/** System calls by number: 135 rt_sigprocmask, 137 rt_sigtimedwait, 94 exit_group, 260 wait4. */
const ARM64 = `
  e81080d2 000080d2 41030010 020080d2 030180d2 010000d4
  281180d2 a0020010 010080d2 020080d2 030180d2 010000d4
  1f440071 a0000054 00ffff37 c80b80d2 000080d2 010000d4
  882080d2 00008092 010080d2 220080d2 030080d2 010000d4 1f000071 2cffff54 ecffff17 1f2003d5
  0240010000000000`;

const CODE: Record<Architecture, string> = { amd64: AMD64, arm64: ARM64 };
/** e_machine: EM_X86_64, EM_AARCH64. */
const MACHINES: Record<Architecture, number> = { amd64: 62, arm64: 183 };

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const LOAD_ADDRESS = 0x400000n;

/** A static executable of one readable and executable segment. Source: System V ABI, chapters 4 and 5 (ELF-64). */
function elf(machine: number, code: Buffer): Buffer {
  const start = HEADER_BYTES + PROGRAM_HEADER_BYTES;
  const file = Buffer.alloc(start + code.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // magic, 64-bit, little-endian, version 1
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(LOAD_ADDRESS + BigInt(start), 24); // entry
  file.writeBigUInt64LE(BigInt(HEADER_BYTES), 32); // program headers
  file.writeUInt16LE(HEADER_BYTES, 52);
  file.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  file.writeUInt16LE(1, 56);
  writeSegment(file.subarray(HEADER_BYTES), BigInt(file.length));
  code.copy(file, start);
  return file;
}

function writeSegment(header: Buffer, length: bigint): void {
  const PT_LOAD = 1;
  const READ_AND_EXECUTE = 5;
  header.writeUInt32LE(PT_LOAD, 0);
  header.writeUInt32LE(READ_AND_EXECUTE, 4);
  header.writeBigUInt64LE(LOAD_ADDRESS, 16);
  header.writeBigUInt64LE(LOAD_ADDRESS, 24);
  header.writeBigUInt64LE(length, 32);
  header.writeBigUInt64LE(length, 40);
  header.writeBigUInt64LE(0x1000n, 48); // page alignment
}
