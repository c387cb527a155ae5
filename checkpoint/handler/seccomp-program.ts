import { damaged } from "#checkpoint/handler/criu-wire";

/** A filter program as the kernel runs it: classic BPF over one system call. */
export interface SeccompProgram {
  /** What the program answers to a system call whose arguments are all 0. */
  readonly answer: (call: { readonly number: number; readonly arch: number }) => number;
}

interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const instructionBytes = 8;
const maximalInstructions = 4096;
const dataBytes = 64;

/** Reads the instructions of a `struct sock_filter[]`; `integrity` when they are none. */
export function parseProgram(bytes: Buffer): SeccompProgram {
  const count = bytes.length / instructionBytes;
  if (!Number.isInteger(count) || count === 0 || count > maximalInstructions) {
    throw damaged(`a seccomp filter has ${String(bytes.length)} bytes`);
  }
  const program = Array.from({ length: count }, (_, index) => {
    const at = index * instructionBytes;
    return {
      code: bytes.readUInt16LE(at),
      jt: bytes.readUInt8(at + 2),
      jf: bytes.readUInt8(at + 3),
      k: bytes.readUInt32LE(at + 4),
    };
  });
  return { answer: (call) => run(program, dataOf(call)) };
}

function dataOf({ number, arch }: { readonly number: number; readonly arch: number }): Buffer {
  const data = Buffer.alloc(dataBytes);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(arch, 4);
  return data;
}

interface Machine {
  a: number;
  x: number;
  readonly memory: number[];
}

/** Jumps only go forward: every program ends. */
function run(program: readonly Instruction[], data: Buffer): number {
  const machine: Machine = { a: 0, x: 0, memory: [] };
  for (let at = 0; at < program.length;) {
    const { code, jt, jf, k } = program[at] ?? { code: 0x06, jt: 0, jf: 0, k: 0 };
    const kind = code & 0x07;
    if (kind === 0x06) return code === 0x16 ? machine.a : k;
    at += 1;
    if (kind === 0x05) at += code === 0x05 ? k : compare(code, machine, k) ? jt : jf;
    else step(code, k, machine, data);
  }
  throw damaged("a seccomp filter has no end");
}

function compare(code: number, { a, x }: Machine, k: number): boolean {
  const operand = (code & 0x08) === 0 ? k : x;
  switch (code & 0xf0) {
    case 0x10:
      return a === operand;
    case 0x20:
      return a > operand;
    case 0x30:
      return a >= operand;
    case 0x40:
      return (a & operand) !== 0;
    default:
      throw damaged(`a seccomp filter jumps by ${code.toString(16)}`);
  }
}

type Step = (machine: Machine, k: number, data: Buffer) => void;

/** Loads, stores and moves; all else is arithmetic. */
const steps: Readonly<Record<number, Step>> = {
  0x20: (machine, k, data) => {
    if (k > dataBytes - 4) throw damaged("a seccomp filter reads past its data");
    machine.a = data.readUInt32LE(k);
  },
  0x00: (machine, k) => (machine.a = k),
  0x01: (machine, k) => (machine.x = k),
  0x60: (machine, k) => (machine.a = machine.memory[k] ?? 0),
  0x61: (machine, k) => (machine.x = machine.memory[k] ?? 0),
  0x80: (machine) => (machine.a = dataBytes),
  0x02: (machine, k) => (machine.memory[k & 0xf] = machine.a),
  0x03: (machine, k) => (machine.memory[k & 0xf] = machine.x),
  0x07: (machine) => (machine.x = machine.a),
  0x87: (machine) => (machine.a = machine.x),
};

function step(code: number, k: number, machine: Machine, data: Buffer): void {
  const known = steps[code];
  if (known) known(machine, k, data);
  else machine.a = arithmetic(code, machine, k);
}

const operations: Readonly<Record<number, (a: number, b: number) => number>> = {
  0x00: (a, b) => a + b,
  0x10: (a, b) => a - b,
  0x20: (a, b) => Math.imul(a, b),
  0x30: (a, b) => (b === 0 ? 0 : a / b),
  0x40: (a, b) => a | b,
  0x50: (a, b) => a & b,
  0x60: (a, b) => (b > 31 ? 0 : a << b),
  0x70: (a, b) => (b > 31 ? 0 : a >>> b),
  0x80: (a) => -a,
  0xa0: (a, b) => a ^ b,
};

function arithmetic(code: number, { a, x }: Machine, k: number): number {
  const operate = (code & 0x07) === 0x04 ? operations[code & 0xf0] : undefined;
  if (!operate) throw damaged(`a seccomp filter has the instruction ${code.toString(16)}`);
  return Math.trunc(operate(a, (code & 0x08) === 0 ? k : x)) >>> 0;
}
