import { type PickleGlobal, readPickle } from "./pickle.ts";
import { decodeValues } from "./value-encoding.ts";
import {
  DTYPE_BYTES,
  elementCount,
  type WeightDtype,
  type WeightFile,
  WeightFileError,
  type WeightTensor,
  type WeightValues,
} from "./weight-tensor.ts";
import { isZip, readZip } from "./zip-archive.ts";

const STORAGE_TYPES: Readonly<Record<string, WeightDtype>> = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ByteStorage: "U8",
  BoolStorage: "U8",
};

/** 0x1950a86a20f9469cfc6c, which begins the legacy format. */
const LEGACY_MAGIC = 119547037146038801333356n;
const LEGACY_PROTOCOL = 1001;

/** Values outside the pickle, which tensors are windows on; filled in when the file has been read so far. */
interface Storage {
  readonly dtype: WeightDtype;
  readonly size: number;
  values: WeightValues | undefined;
}

/** A tensor as the pickle describes it. */
class StoredTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/**
 * Reads a PyTorch checkpoint (`torch.save` of a state dict, `.pth` or `.pt`), in the zip container of PyTorch >= 1.6
 * and in the legacy container before it, without executing its pickle: only tensors, parameters and ordered
 * dictionaries are built, and any other Python name makes the file refused.
 *
 * Nested dictionaries and lists are flattened with dots: {"state_dict": {"w": ...}} gives "state_dict.w". Numbers and
 * texts beside the tensors become metadata.
 *
 * @returns contiguous row-major tensors; float16 and bfloat16 as float32, bool as 0 and 1.
 * @throws WeightFileError for a truncated or damaged file, a pickled module (save its state_dict instead), or any
 *   pickle that names more than tensors.
 */
export function readTorchCheckpoint(bytes: Uint8Array): WeightFile {
  const tensors = new Map<string, WeightTensor>();
  const metadata = new Map<string, string>();
  flatten(isZip(bytes) ? readZipContainer(bytes) : readLegacyContainer(bytes), "", tensors, metadata, new Set());
  return { tensors, metadata };
}

function readZipContainer(bytes: Uint8Array): unknown {
  const files = readZip(bytes);
  const pickleName = Array.from(files.keys()).find((name) => name === "data.pkl" || name.endsWith("/data.pkl"));
  if (pickleName === undefined) throw new WeightFileError("torch: the archive has no data.pkl");
  const folder = pickleName.slice(0, -"data.pkl".length);
  const order = files.get(`${folder}byteorder`);
  if (order !== undefined && String.fromCharCode(...order.subarray(0, 6)) !== "little") {
    throw new WeightFileError("torch: expected little-endian values");
  }
  const storages = new Map<string, Storage>();
  const load = (id: unknown): Storage => {
    const { key, storage } = storageOf(id, storages);
    if (storage.values === undefined) {
      const data = files.get(`${folder}data/${key}`);
      if (data === undefined) throw new WeightFileError(`torch: the archive has no values of storage "${key}"`);
      storage.values = storageValues(data, storage, key);
    }
    return storage;
  };
  return readPickle(files.get(pickleName)!, { permits, call: construct, load }).value;
}

function readLegacyContainer(bytes: Uint8Array): unknown {
  const storages = new Map<string, Storage>();
  const rules = { permits, call: construct, load: (id: unknown) => storageOf(id, storages).storage };
  const magic = readPickle(bytes, rules);
  if (magic.value !== LEGACY_MAGIC) {
    throw new WeightFileError("torch: expected a file of torch.save (zip or legacy container), got another pickle");
  }
  const protocol = readPickle(bytes, rules, magic.end);
  if (protocol.value !== LEGACY_PROTOCOL) {
    throw new WeightFileError(`torch: expected legacy protocol ${LEGACY_PROTOCOL}, got ${String(protocol.value)}`);
  }
  const system = readPickle(bytes, rules, protocol.end);
  if (system.value instanceof Map && system.value.get("little_endian") === false) {
    throw new WeightFileError("torch: expected little-endian values");
  }
  const content = readPickle(bytes, rules, system.end);
  const keys = readPickle(bytes, rules, content.end);
  if (!Array.isArray(keys.value)) throw new WeightFileError("torch: expected a list of storages");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = keys.end;
  for (const key of keys.value) {
    const storage = storages.get(String(key));
    if (storage === undefined) throw new WeightFileError(`torch: storage "${String(key)}" belongs to no tensor`);
    if (position + 8 > bytes.length) throw new WeightFileError("torch: ends before its values (truncated file?)");
    const count = Number(view.getBigInt64(position, true));
    const end = position + 8 + count * DTYPE_BYTES[storage.dtype];
    if (count < 0 || end > bytes.length) {
      throw new WeightFileError(`torch: storage "${String(key)}" runs beyond the end (truncated file?)`);
    }
    storage.values = storageValues(bytes.subarray(position + 8, end), storage, String(key));
    position = end;
  }
  return content.value;
}

function permits({ module, name }: PickleGlobal): boolean {
  switch (module) {
    case "collections":
      return name === "OrderedDict";
    case "torch._utils":
      return name === "_rebuild_tensor_v2" || name === "_rebuild_parameter";
    case "torch":
      return Object.hasOwn(STORAGE_TYPES, name) || name === "Size";
    default:
      return false;
  }
}

/** What a call of a permitted name builds. */
function construct({ module, name }: PickleGlobal, args: readonly unknown[]): unknown {
  switch (`${module}.${name}`) {
    case "collections.OrderedDict":
      return new Map((args[0] as [unknown, unknown][] | undefined) ?? []);
    case "torch.Size":
      return args[0];
    case "torch._utils._rebuild_parameter":
      return args[0];
    case "torch._utils._rebuild_tensor_v2":
      return rebuildTensor(args);
    default:
      throw new WeightFileError(`torch: calls ${module}.${name}: refused`);
  }
}

function rebuildTensor([storage, offset, shape, strides]: readonly unknown[]): StoredTensor {
  const integers = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((item) => Number.isSafeInteger(item) && item >= 0);
  const known = typeof storage === "object" && storage !== null && "dtype" in storage;
  if (!known || !integers([offset]) || !integers(shape) || !integers(strides) || shape.length !== strides.length) {
    throw new WeightFileError("torch: a tensor is described wrongly (storage, offset, shape or strides)");
  }
  return new StoredTensor(storage as Storage, offset as number, shape, strides);
}

/** The storage of ("storage", type, key, device, size). */
function storageOf(id: unknown, storages: Map<string, Storage>): { key: string; storage: Storage } {
  const [kind, type, key, , size] = Array.isArray(id) ? id : [];
  const name = (type as PickleGlobal | undefined)?.name;
  if (kind !== "storage" || typeof name !== "string" || !Object.hasOwn(STORAGE_TYPES, name)) {
    throw new WeightFileError("torch: a tensor refers to something that is no storage of a known type");
  }
  if (!Number.isSafeInteger(size) || size < 0) throw new WeightFileError(`torch: storage of impossible size ${size}`);
  const text = String(key);
  const storage = storages.get(text) ?? { dtype: STORAGE_TYPES[name]!, size, values: undefined };
  if (storage.dtype !== STORAGE_TYPES[name]) throw new WeightFileError(`torch: storage "${text}" has two types`);
  storages.set(text, storage);
  return { key: text, storage };
}

function storageValues(data: Uint8Array, { dtype, size }: Storage, key: string): WeightValues {
  if (data.length !== size * DTYPE_BYTES[dtype]) {
    throw new WeightFileError(
      `torch: storage "${key}": expected ${size} values of ${dtype}, got ${data.length} bytes (truncated file?)`,
    );
  }
  return decodeValues(data, dtype);
}

function flatten(
  value: unknown,
  name: string,
  tensors: Map<string, WeightTensor>,
  metadata: Map<string, string>,
  ancestors: Set<unknown>,
): void {
  if (value instanceof StoredTensor) {
    tensors.set(name, contiguous(value, name));
  } else if (value instanceof Map || Array.isArray(value)) {
    if (ancestors.has(value)) throw new WeightFileError(`torch: "${name}" contains itself`);
    ancestors.add(value);
    for (const [key, item] of value.entries()) {
      flatten(item, name === "" ? String(key) : `${name}.${String(key)}`, tensors, metadata, ancestors);
    }
    ancestors.delete(value);
  } else if (["string", "number", "bigint", "boolean"].includes(typeof value)) {
    metadata.set(name, String(value));
  }
}

function contiguous({ storage, offset, shape, strides }: StoredTensor, name: string): WeightTensor {
  const { values, dtype } = storage;
  const count = elementCount(shape, `torch: tensor "${name}"`);
  if (values === undefined) throw new WeightFileError(`torch: tensor "${name}" has no values in the file`);
  const last = shape.reduce((sum, dimension, axis) => sum + (dimension - 1) * strides[axis]!, offset);
  if (count > 0 && last >= values.length) {
    throw new WeightFileError(`torch: tensor "${name}" reaches beyond its storage (${last} of ${values.length})`);
  }
  if (count > Math.max(1, values.length)) {
    // A stride of zero would let a small file claim any amount of memory.
    throw new WeightFileError(`torch: tensor "${name}" repeats values of its storage: refused`);
  }
  const result = values.slice(0, count);
  const index = new Array<number>(shape.length).fill(0);
  let source = offset;
  for (let target = 0; target < count; target++) {
    result[target] = values[source]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      source += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      source -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return { dtype, shape, values: result };
}
