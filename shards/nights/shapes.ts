/** The options of one command as those of another, without a second list: renamed where two would be called the same. */
import { z } from 'zod';
import { factsOf, flagOf } from '../../crawlers/shell/command.ts';

type Inner<Type> = Type extends z.ZodDefault<infer T> | z.ZodOptional<infer T> ? Inner<T> : Type;
/** A shape whose options may all be left out: what is not said is `undefined`, for whoever takes them to fill in. */
export type Unsaid<Shape extends z.ZodRawShape, Names extends Partial<Record<keyof Shape, string>>> = {
  [Key in keyof Shape as Key extends keyof Names ? Names[Key] & string : Key]: z.ZodOptional<
    Inner<Shape[Key]> extends z.ZodType ? Inner<Shape[Key]> : never
  >;
};

/**
 * The options of one command as those of another: without defaults, which the help still tells.
 * @param names what some are called there: `{ seed: 'trainingSeed' }`
 * @param defaultOf the text of a default that is another there
 */
export function unsaid<Shape extends z.ZodRawShape, const Names extends Partial<Record<keyof Shape, string>>>(
  shape: Shape,
  names: Names,
  defaultOf: (key: string) => string | undefined = () => undefined,
): Unsaid<Shape, Names> {
  const called = (key: string): string => (names as Record<string, string | undefined>)[key] ?? key;
  const renamed = new Map(Object.keys(names).map((key) => [flagOf(key), flagOf(called(key))]));
  const entries = Object.entries(shape).map(([key, type]) => {
    let inner = type as z.ZodType;
    while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) inner = inner.unwrap() as z.ZodType;
    const { description, fallback } = factsOf(type as z.ZodType);
    const isSaid = fallback !== undefined && fallback !== false && !(Array.isArray(fallback) && fallback.length === 0);
    const standard = defaultOf(called(key)) ?? (isSaid ? String(fallback) : undefined);
    const text = description.replace(/--[a-z][a-z-]*/g, (flag) => renamed.get(flag) ?? flag);
    const told = standard === undefined ? text : `${text} (default: ${standard})`;
    return [called(key), inner.optional().describe(told)];
  });
  return Object.fromEntries(entries);
}

/** Options of one group by their own names again, those that were said. */
export function saidOf<Shape extends z.ZodRawShape, const Names extends Partial<Record<keyof Shape, string>>>(
  shape: Shape,
  names: Names,
  given: Readonly<Record<string, unknown>>,
): Partial<z.infer<z.ZodObject<Shape>>> {
  const called = (key: string): string => (names as Record<string, string | undefined>)[key] ?? key;
  const entries = Object.keys(shape).map((key) => [key, given[called(key)]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
