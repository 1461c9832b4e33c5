/** Exit statuses of errors; command.ts has the whole table. */
export type ErrorStatus = 1 | 2 | 3 | 4 | 5 | 75;

/** The one error of the toolkit. Messages read: subject, fact, expected fact. Codes are listed in CONTRIBUTING.md. */
export interface ToolkitErrorFields {
  /** SCREAMING_SNAKE, stable: scripts may match on it. */
  readonly code: string;
  /** What was found where, and what is allowed. One line. */
  readonly message: string;
  /** What to do about it. One line. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Process exit status, 2 when the caller's input is at fault (flag, config, file), 75 when it may come right. Default 1. */
  readonly exitStatus?: ErrorStatus;
}

export class ToolkitError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitStatus: ErrorStatus;

  constructor({ code, message, hint, cause, exitStatus = 1 }: ToolkitErrorFields) {
    super(message, { cause });
    this.name = 'ToolkitError';
    this.code = code;
    this.hint = hint;
    this.exitStatus = exitStatus;
  }
}

/** The caller gave something that cannot be used: exit status 2. */
export function badInput(code: string, message: string, hint?: string, cause?: unknown): ToolkitError {
  return new ToolkitError({ code, message, hint, cause, exitStatus: 2 });
}

/** Nothing is wrong but the moment (somebody works there, a server is silent): exit status 75. */
export function tryAgain(code: string, message: string, hint?: string, cause?: unknown): ToolkitError {
  return new ToolkitError({ code, message, hint, cause, exitStatus: 75 });
}

/** The same error, with more at the end of its message. */
export function extended({ code, message, hint, exitStatus, ...rest }: ToolkitError, more: string): ToolkitError {
  return new ToolkitError({ code, hint, exitStatus, message: `${message}${more}`, cause: rest.cause });
}

/** One error that says them all, with the code and hint of the first. `faults` is not empty. */
export function together(faults: readonly ToolkitError[], exitStatus: ErrorStatus): ToolkitError {
  const [first] = faults;
  const { code, hint } = first!;
  const messages = faults.map((fault) => fault.message).join(' │ ');
  const message = faults.length === 1 ? messages : `${faults.length} faults: ${messages}`;
  return new ToolkitError({ code, message, hint, exitStatus, cause: first });
}

/** Text of any thrown value, on one line, for embedding in a message. */
export function reasonOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error));
}

/** Text of any origin on one line, safe for a terminal: control characters, odd spaces and lone surrogates as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/**
 * Text of any origin, as it may stand on a terminal: what one would obey (escapes, a carriage return, marks that turn the
 * direction of writing) as `\u{…}`; line ends and tabs stay.
 */
export function visible(text: string): string {
  return text.replace(
    /[^\P{Cc}\n\t]|[\u2028-\u202e\u2066-\u2069]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
