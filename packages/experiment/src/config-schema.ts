import type { ZodType } from "zod";

/** The parts of zod's schema definitions that this package looks at. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, ZodType>>;
  readonly innerType?: ZodType;
  readonly in?: ZodType;
  readonly options?: readonly ZodType[];
  readonly left?: ZodType;
  readonly right?: ZodType;
  readonly element?: ZodType;
  readonly items?: readonly ZodType[];
  readonly rest?: ZodType | null;
  readonly valueType?: ZodType;
  readonly getter?: () => ZodType;
}

/**
 * The schemas that a value may have to satisfy behind wrappers: optional, default, readonly, pipes, lazy ones, and all
 * members of unions.
 */
export function plainSchemas(schema: ZodType): readonly ZodType[] {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return plainSchemas(definition.innerType!);
    case "pipe":
      return plainSchemas(definition.in!);
    case "lazy":
      return plainSchemas(definition.getter!());
    case "union":
      return definition.options!.flatMap(plainSchemas);
    case "intersection":
      return [...plainSchemas(definition.left!), ...plainSchemas(definition.right!)];
    default:
      return [schema];
  }
}

/** The schemas of the value at a key (or index) inside values of a schema; none if the key is unknown. */
export function schemasAtKey(schema: ZodType, key: string): readonly ZodType[] {
  return plainSchemas(schema).flatMap((plain) => {
    const { type, shape, element, items, rest, valueType } = definitionOf(plain);
    if (type === "object") return Object.hasOwn(shape!, key) ? [shape![key]!] : [];
    if (type === "record") return [valueType!];
    if (!/^\d+$/.test(key)) return [];
    if (type === "array") return [element!];
    if (type === "tuple") return [items![Number(key)] ?? rest ?? []].flat();
    return [];
  });
}

/** Dotted names of all values that a schema knows, in its order: "seed", "training", "training.batchSize". */
export function knownPaths(schema: ZodType, prefix = ""): readonly string[] {
  const paths = plainSchemas(schema).flatMap((plain) =>
    Object.entries(definitionOf(plain).shape ?? {}).flatMap(([key, inner]) => [
      `${prefix}${key}`,
      ...knownPaths(inner, `${prefix}${key}.`),
    ]),
  );
  return [...new Set(paths)];
}

/** The fields of an object schema, in its order; none for another schema. */
export function fieldsOf(schema: ZodType): readonly (readonly [string, ZodType])[] {
  return plainSchemas(schema).flatMap((plain) => Object.entries(definitionOf(plain).shape ?? {}));
}

/** The name that zod has for a kind of schema, behind wrappers: "number", "boolean", "enum", ... */
export function kindOf(schema: ZodType): string {
  return definitionOf(plainSchemas(schema)[0]!).type;
}

function definitionOf(schema: ZodType): Definition {
  return schema.def as unknown as Definition;
}
