import { strFromU8 } from "fflate";
import { PickleCursor } from "./pickle-cursor.ts";
import { WeightFileError } from "./weight-tensor.ts";

/** A Python function or class named by a pickle. It stays a name: nothing is imported. */
export interface PickleGlobal {
  readonly module: string;
  readonly name: string;
}

/** What a reader of pickles permits. Everything else is refused. */
export interface PickleRules {
  /** Whether a global may stand in the pickle at all. */
  permits(global: PickleGlobal): boolean;
  /** The object that a call of a permitted global builds. */
  call(global: PickleGlobal, args: readonly unknown[]): unknown;
  /** The object behind a persistent id (PyTorch: a storage of values outside the pickle). */
  load(persistentId: unknown): unknown;
}

/** Result of reading one pickle. */
export interface PickleResult {
  /** Tuples and lists are arrays, dictionaries and OrderedDict are maps, bytes are Uint8Array. */
  readonly value: unknown;
  /** Where the next pickle begins. */
  readonly end: number;
}

const MARK = Symbol("mark");

/**
 * Reads one pickle (protocols 0 to 5, the opcodes that data needs) without executing anything: a pickle is a program,
 * and here it can only build lists, maps, texts, numbers, and what `rules` builds for the globals it permits.
 *
 * @throws WeightFileError naming the first global that is not permitted, an unknown opcode, or a truncation.
 */
export function readPickle(bytes: Uint8Array, rules: PickleRules, start = 0): PickleResult {
  const machine = new PickleMachine(bytes, rules, start);
  try {
    return machine.run();
  } catch (error) {
    if (error instanceof WeightFileError) throw error;
    throw new WeightFileError(`pickle: damaged or truncated (${(error as Error).message})`);
  }
}

/** The stack machine of pickles. */
class PickleMachine {
  readonly #cursor: PickleCursor;
  readonly #rules: PickleRules;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array, rules: PickleRules, start: number) {
    this.#cursor = new PickleCursor(bytes, start);
    this.#rules = rules;
  }

  run(): PickleResult {
    for (;;) {
      const opcode = String.fromCharCode(this.#cursor.unsigned(1));
      if (opcode === ".") return { value: this.#pop(), end: this.#cursor.position };
      this.#execute(opcode);
    }
  }

  #execute(opcode: string): void {
    if (this.#pushLiteral(opcode) || this.#changeContainer(opcode)) return;
    switch (opcode) {
      case "\x80": // PROTO
        this.#cursor.take(1);
        return;
      case "\x95": // FRAME
        this.#cursor.take(8);
        return;
      case "c":
        this.#push(this.#global(this.#cursor.line(), this.#cursor.line()));
        return;
      case "\x93": {
        const name = this.#text(this.#pop());
        this.#push(this.#global(this.#text(this.#pop()), name));
        return;
      }
      case "R": {
        const args = this.#array(this.#pop());
        this.#push(this.#call(this.#pop(), args));
        return;
      }
      case "Q":
        this.#push(this.#rules.load(this.#pop()));
        return;
      case "b": // BUILD: attributes of an OrderedDict (such as torch's _metadata) carry no values.
        this.#pop();
        if (!(this.#top() instanceof Map)) throw new WeightFileError("pickle: sets the state of an object: refused");
        return;
      default: {
        const code = opcode.charCodeAt(0).toString(16).padStart(2, "0");
        throw new WeightFileError(`pickle: unknown or refused opcode 0x${code} at byte ${this.#cursor.position - 1}`);
      }
    }
  }

  /** Opcodes that push a constant; false if the opcode is none of them. */
  #pushLiteral(opcode: string): boolean {
    switch (opcode) {
      case "N":
        return this.#push(null);
      case "\x88":
        return this.#push(true);
      case "\x89":
        return this.#push(false);
      case "K":
        return this.#push(this.#cursor.unsigned(1));
      case "M":
        return this.#push(this.#cursor.unsigned(2));
      case "J":
        return this.#push(this.#cursor.int32());
      case "G":
        return this.#push(this.#cursor.float64());
      case "\x8a":
        return this.#push(this.#cursor.long(this.#cursor.unsigned(1)));
      case "\x8b":
        return this.#push(this.#cursor.long(this.#cursor.unsigned(4)));
      case "I": {
        const text = this.#cursor.line();
        return this.#push(text === "00" ? false : text === "01" ? true : Number.parseInt(text, 10));
      }
      case "L":
        return this.#push(Number.parseInt(this.#cursor.line(), 10));
      case "F":
        return this.#push(Number.parseFloat(this.#cursor.line()));
      case "X":
        return this.#push(strFromU8(this.#cursor.take(this.#cursor.unsigned(4))));
      case "\x8c":
        return this.#push(strFromU8(this.#cursor.take(this.#cursor.unsigned(1))));
      case "U":
        return this.#push(strFromU8(this.#cursor.take(this.#cursor.unsigned(1)), true));
      case "T":
        return this.#push(strFromU8(this.#cursor.take(this.#cursor.unsigned(4)), true));
      case "C":
        return this.#push(this.#cursor.take(this.#cursor.unsigned(1)).slice());
      case "B":
        return this.#push(this.#cursor.take(this.#cursor.unsigned(4)).slice());
      default:
        return false;
    }
  }

  /** Opcodes of tuples, lists, dictionaries, memo and marks; false if the opcode is none of them. */
  #changeContainer(opcode: string): boolean {
    switch (opcode) {
      case "(":
        return this.#push(MARK);
      case ")":
      case "]":
        return this.#push([]);
      case "}":
        return this.#push(new Map());
      case "t":
      case "l":
        return this.#push(this.#popToMark());
      case "\x85":
        return this.#push(this.#popCount(1));
      case "\x86":
        return this.#push(this.#popCount(2));
      case "\x87":
        return this.#push(this.#popCount(3));
      case "d": {
        const items = this.#popToMark();
        this.#push(new Map());
        return this.#setItems(items);
      }
      case "a": {
        const item = this.#pop();
        this.#array(this.#top()).push(item);
        return true;
      }
      case "e": {
        const items = this.#popToMark();
        const list = this.#array(this.#top());
        for (const item of items) list.push(item);
        return true;
      }
      case "s":
        return this.#setItems(this.#popCount(2));
      case "u":
        return this.#setItems(this.#popToMark());
      case "0":
        this.#pop();
        return true;
      case "2":
        return this.#push(this.#top());
      case "q":
        return this.#memoize(this.#cursor.unsigned(1));
      case "r":
        return this.#memoize(this.#cursor.unsigned(4));
      case "p":
        return this.#memoize(Number.parseInt(this.#cursor.line(), 10));
      case "\x94":
        return this.#memoize(this.#memo.size);
      case "h":
        return this.#recall(this.#cursor.unsigned(1));
      case "j":
        return this.#recall(this.#cursor.unsigned(4));
      case "g":
        return this.#recall(Number.parseInt(this.#cursor.line(), 10));
      default:
        return false;
    }
  }

  #global(module: string, name: string): PickleGlobal {
    const global = { module, name };
    if (!this.#rules.permits(global)) {
      throw new WeightFileError(`pickle: names ${module}.${name}, which is no tensor: refused (it could run any code)`);
    }
    return global;
  }

  #call(callee: unknown, args: readonly unknown[]): unknown {
    if (typeof callee !== "object" || callee === null || !("module" in callee)) {
      throw new WeightFileError("pickle: calls something that is no permitted function");
    }
    return this.#rules.call(callee as PickleGlobal, args);
  }

  #push(value: unknown): true {
    this.#stack.push(value);
    return true;
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw new WeightFileError("pickle: takes from an empty stack");
    return this.#stack.pop();
  }

  #top(): unknown {
    return this.#stack.at(-1);
  }

  #popCount(count: number): unknown[] {
    if (this.#stack.length < count) throw new WeightFileError("pickle: takes from an empty stack");
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw new WeightFileError("pickle: ends a group that did not begin");
    return this.#stack.splice(mark).slice(1);
  }

  #setItems(items: readonly unknown[]): true {
    const target = this.#top();
    if (!(target instanceof Map) || items.length % 2 !== 0) throw new WeightFileError("pickle: broken dictionary");
    for (let index = 0; index < items.length; index += 2) target.set(items[index], items[index + 1]);
    return true;
  }

  #memoize(index: number): true {
    this.#memo.set(index, this.#top());
    return true;
  }

  #recall(index: number): true {
    if (!this.#memo.has(index)) throw new WeightFileError(`pickle: recalls object ${index}, which was never stored`);
    return this.#push(this.#memo.get(index));
  }

  #array(value: unknown): unknown[] {
    if (!Array.isArray(value)) throw new WeightFileError("pickle: expected a list or tuple");
    return value;
  }

  #text(value: unknown): string {
    if (typeof value !== "string") throw new WeightFileError("pickle: expected a text");
    return value;
  }
}
