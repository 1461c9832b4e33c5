/** `vua` in this process, as main.ts runs it: what is not killed needs no process of its own. */
import { runProgram } from '../program.ts';

export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly ended: Promise<Said>;
  /** Resolves when stderr has said so. @throws Error where the program ends before. */
  said(pattern: RegExp): Promise<void>;
  /** What the first Ctrl-C does. */
  stop(signal?: string): void;
}

/** One at a time: the current folder is that of the process. @param heard is called with what stderr has said so far */
export function startProgram(folder: string, words: readonly string[], heard?: (stderr: string) => void): Started {
  const said = { stdout: '', stderr: '' };
  const controller = new AbortController();
  const before = process.cwd();
  let isOver = false;
  process.chdir(folder);
  const ended = runProgram(words, {
    stdout: { write: (text) => (said.stdout += text) },
    stderr: {
      write(text) {
        said.stderr += text;
        heard?.(said.stderr);
      },
    },
    environment: {},
    stopped: controller.signal,
  }).then((status) => ({ status, ...said }));
  const over = ended.finally(() => {
    isOver = true;
    process.chdir(before);
  });
  return {
    ended: over,
    async said(pattern) {
      while (!pattern.test(said.stderr)) {
        if (isOver) throw new Error(`ended before it said ${pattern}: ${said.stderr}`);
        await new Promise((wait) => setTimeout(wait, 5));
      }
    },
    stop: () => controller.abort(),
  };
}
