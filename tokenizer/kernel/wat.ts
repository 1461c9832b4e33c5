/**
 * WebAssembly text → WebAssembly binary, for the subset that the kernel is written in: one imported memory, mutable
 * i32 globals, and functions of folded instructions over i32, f64 and v128. So the source is what runs; nothing built is
 * kept. https://webassembly.github.io/spec/core/text/, with the binary format beside it.
 */

/** An atom, or a list in parentheses. */
type Expression = string | Expression[];

/** @throws Error naming the word that is not known. */
export function assemble(source: string): Uint8Array<ArrayBuffer> {
  const [module, ...fields] = parse(source);
  if (module !== 'module') throw new Error(`wat: ${String(module)}, expected module`);
  const of = (kind: string) => fields.filter((field): field is Expression[] => field[0] === kind);
  const functions = of('func').map((field) => new FunctionField(field));
  const globals = of('global');
  const names = {
    functions: new Map(functions.map(({ name }, index) => [name, index])),
    globals: new Map(globals.map((field, index) => [String(field[1]), index])),
  };
  const exported = [
    ...functions.flatMap((field, index) => (field.exportName === undefined ? [] : [[field.exportName, 0, index]])),
    ...globals.map((field, index) => [exportName(field[2]), 3, index]),
  ] as [string, number, number][];
  const imports = of('import').map(([, room, name]) => [...text(room!), ...text(name!), 2, 0, 1]);
  const types = functions.map(({ type }) => type); // one for each function
  const typesOf = functions.map((_, index) => unsigned(index));
  const variables = globals.map(() => [I32, 1, 0x41, 0, END]); // each begins as 0
  const exports = exported.map(([name, kind, index]) => [...text(`"${name}"`), kind, ...unsigned(index)]);
  const bodies = functions.map((field) => vector(field.code(names)));
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[...section(1, types), ...section(2, imports), ...section(3, typesOf)],
    ...[...section(6, variables), ...section(7, exports), ...section(10, bodies)],
  ]);
}

const I32 = 0x7f;
const TYPES: Readonly<Record<string, number>> = { i32: I32, i64: 0x7e, f64: 0x7c, v128: 0x7b };
const NOTHING = 0x40;
const END = 0x0b;

interface Names {
  readonly functions: ReadonlyMap<string, number>;
  readonly globals: ReadonlyMap<string, number>;
}

class FunctionField {
  readonly name: string;
  readonly exportName: string | undefined;
  readonly type: number[];
  readonly #locals = new Map<string, number>();
  readonly #localTypes: number[] = [];
  readonly #body: Expression[];
  readonly #labels: string[] = [];
  #names!: Names;

  constructor([, name, ...parts]: Expression[]) {
    this.name = String(name);
    const declared = (kind: string) => parts.filter((part) => part[0] === kind) as string[][];
    const [parameters, locals] = [declared('param'), declared('local')];
    for (const [, local] of [...parameters, ...locals]) this.#locals.set(local!, this.#locals.size);
    this.#localTypes = locals.map(([, , type]) => TYPES[type!]);
    const results = declared('result').map(([, type]) => TYPES[type!]);
    this.type = [0x60, ...vector(parameters.map(([, , type]) => TYPES[type!])), ...vector(results)];
    const exports = declared('export')[0];
    this.exportName = exports && exportName(exports);
    this.#body = parts.filter((part) => !['param', 'local', 'result', 'export'].includes(String(part[0])));
  }

  code(names: Names): number[] {
    this.#names = names;
    const locals = this.#localTypes.map((type) => [1, type]);
    return [...unsigned(locals.length), ...locals.flat(), ...this.#sequence(this.#body), END];
  }

  #sequence(expressions: readonly Expression[]): number[] {
    return expressions.flatMap((expression) => this.#instruction(expression as Expression[]));
  }

  #instruction([word, ...parts]: Expression[]): number[] {
    const name = String(word);
    switch (name) {
      case 'block':
      case 'loop':
        return [name === 'block' ? 0x02 : 0x03, NOTHING, ...this.#labelled(String(parts[0]), parts.slice(1)), END];
      case 'if':
        return this.#conditional(parts);
      case 'br':
      case 'br_if': {
        const depth = this.#labels.length - 1 - this.#labels.lastIndexOf(String(parts[0]));
        return [...this.#sequence(parts.slice(1)), name === 'br' ? 0x0c : 0x0d, ...unsigned(depth)];
      }
      case 'local.get':
      case 'local.set':
        return this.#indexed(name, this.#locals, parts);
      case 'global.get':
      case 'global.set':
        return this.#indexed(name, this.#names.globals, parts);
      case 'call':
        return this.#indexed(name, this.#names.functions, parts);
      case 'i32.const':
        return [0x41, ...signed(Number(parts[0]) | 0)];
      case 'i64.const':
        return [0x42, ...signed(Number(parts[0]) | 0)];
      case 'i8x16.shuffle':
        return [...this.#sequence(parts.slice(16)), ...simd(13), ...parts.slice(0, 16).map(Number)];
      case 'f64.const':
        return [0x44, ...new Uint8Array(Float64Array.of(Number(parts[0])).buffer)];
      default:
        return this.#plain(name, parts);
    }
  }

  #labelled(label: string, body: readonly Expression[]): number[] {
    this.#labels.push(label);
    const code = this.#sequence(body);
    this.#labels.pop();
    return code;
  }

  /** `(if condition (then …) (else …))`, without a value. */
  #conditional([condition, yes, no]: Expression[]): number[] {
    const otherwise = no === undefined ? [] : [0x05, ...this.#labelled('', no.slice(1) as Expression[])];
    return [
      ...this.#instruction(condition as Expression[]),
      0x04,
      NOTHING,
      ...this.#labelled('', yes!.slice(1) as Expression[]),
      ...otherwise,
      END,
    ];
  }

  #indexed(name: string, indices: ReadonlyMap<string, number>, [key, ...operands]: Expression[]): number[] {
    const index = indices.get(String(key));
    if (index === undefined) throw new Error(`wat: ${this.name}: ${String(key)} in ${name}`);
    return [...this.#sequence(operands), PLAIN[name][0], ...unsigned(index)];
  }

  /** Operands, then the opcode; loads and stores carry alignment and offset, splats nothing. */
  #plain(name: string, parts: Expression[]): number[] {
    const opcode = PLAIN[name];
    if (opcode === undefined) throw new Error(`wat: ${this.name}: ${name}`);
    const offset = typeof parts[0] === 'string' ? String(parts.shift()).replace('offset=', '') : '0';
    const lane = name.includes('_lane') ? unsigned(Number(offset)) : [];
    const memory = /\.(load|store)/.test(name) ? [0, ...unsigned(Number(offset))] : [];
    return [...this.#sequence(parts), ...opcode, ...memory, ...lane];
  }
}

const simd = (code: number): number[] => [0xfd, ...unsigned(code)];
const PLAIN: Readonly<Record<string, number[]>> = {
  return: [0x0f],
  call: [0x10],
  select: [0x1b],
  'local.get': [0x20],
  'local.set': [0x21],
  'global.get': [0x23],
  'global.set': [0x24],
  'i32.load': [0x28],
  'i64.load': [0x29],
  'f64.load': [0x2b],
  'i32.load8_u': [0x2d],
  'i32.load16_u': [0x2f],
  'i32.store': [0x36],
  'i64.store': [0x37],
  'f64.store': [0x39],
  'i32.eqz': [0x45],
  'i32.eq': [0x46],
  'i32.ne': [0x47],
  'i32.lt_u': [0x49],
  'i32.gt_u': [0x4b],
  'i32.le_u': [0x4d],
  'i32.ge_u': [0x4f],
  'i32.add': [0x6a],
  'i32.sub': [0x6b],
  'i32.mul': [0x6c],
  'i32.rem_u': [0x70],
  'i32.and': [0x71],
  'i32.or': [0x72],
  'i32.xor': [0x73],
  'i32.shl': [0x74],
  'i32.shr_u': [0x76],
  'i64.eqz': [0x50],
  'i64.ctz': [0x7a],
  'i64.sub': [0x7d],
  'i64.and': [0x83],
  'i64.or': [0x84],
  'i64.xor': [0x85],
  'i64.shl': [0x86],
  'i64.shr_u': [0x88],
  'f64.add': [0xa0],
  'i32.wrap_i64': [0xa7],
  'i64.extend_i32_u': [0xad],
  'v128.load': simd(0),
  'v128.store': simd(11),
  'i8x16.swizzle': simd(14),
  'i32x4.splat': simd(17),
  'i32x4.extract_lane': simd(27),
  'i8x16.eq': simd(35),
  'i8x16.le_u': simd(42),
  'v128.and': simd(78),
  'v128.andnot': simd(79),
  'v128.or': simd(80),
  'v128.xor': simd(81),
  'v128.any_true': simd(83),
  'i8x16.bitmask': simd(100),
  'i8x16.add_sat_u': simd(112),
  'i8x16.sub_sat_u': simd(115),
  'i16x8.shr_u': simd(141),
  'i32x4.bitmask': simd(164),
  'i32x4.shl': simd(171),
  'i32x4.shr_u': simd(173),
  'i32x4.add': simd(174),
  'i32x4.mul': simd(181),
};

function parse(source: string): Expression[] {
  const open: Expression[][] = [[]];
  for (const [word] of source.replace(/;;.*/g, '').matchAll(/[()]|"[^"]*"|[^\s()]+/g)) {
    if (word === '(') open.push([]);
    else if (word === ')') {
      const closed = open.pop()!;
      open.at(-1)!.push(closed);
    } else open.at(-1)!.push(word);
  }
  return open[0][0] as Expression[];
}

const exportName = (field: Expression): string => String(field[1]).slice(1, -1);
const text = (quoted: Expression): number[] => vector([...new TextEncoder().encode(String(quoted).slice(1, -1))]);
const vector = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
const section = (id: number, items: readonly (readonly number[])[]): number[] => [
  id,
  ...vector([...unsigned(items.length), ...items.flat()]),
];

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
