/**
 * Masks over tokens: a text is written byte by byte along an automaton, and of all tokens of a vocabulary those are allowed
 * whose bytes it takes. Vocabulary and automaton are walked together, so that the cost follows what is allowed.
 */
import type { Tokenizer } from '../../tokenizer/load.ts';

/** Where a text stands. */
export interface State {
  /** Behind one more byte; `undefined`: no such text. */
  next(byte: number): State | undefined;
  /** The text may end here, and nothing may follow. */
  readonly isEnd: boolean;
}

/** Texts of a list, as an automaton. */
export class Trie implements State {
  readonly #children = new Map<number, Trie>();
  isEnd = false;

  static of(texts: Iterable<string>): Trie {
    const root = new Trie();
    for (const text of texts) {
      let at: Trie = root;
      for (const byte of ENCODER.encode(text)) {
        const child: Trie = at.#children.get(byte) ?? new Trie();
        at.#children.set(byte, child);
        at = child;
      }
      at.isEnd = true;
    }
    return root;
  }

  next(byte: number): Trie | undefined {
    return this.#children.get(byte);
  }
}

const ENCODER = new TextEncoder();

/** What a line may be: one of some, or whatever an automaton takes up to its newline. */
export type Choice = readonly string[] | State;

/** As an automaton that ends behind the newline. */
export const asTrie = (choice: Choice): State =>
  'next' in choice ? choice : Trie.of(choice.map((line) => `${line}\n`));

interface Node {
  readonly children: Map<number, Node>;
  /** Token whose bytes end here. */
  id?: number;
}

/** The vocabulary of a tokenizer as a tree of bytes. Special tokens are not in it. */
export class Vocabulary {
  readonly #root: Node = { children: new Map() };

  constructor(tokenizer: Tokenizer) {
    for (let id = 0; id < tokenizer.vocabSize; id++) {
      if (tokenizer.byteLengths[id] === 0) continue;
      let at = this.#root;
      for (const byte of tokenizer.bytesOf(id)) {
        const child: Node = at.children.get(byte) ?? { children: new Map() };
        at.children.set(byte, child);
        at = child;
      }
      at.id ??= id;
    }
  }

  /** Tokens that a state takes whole, and the state behind each. */
  allowed(state: State): Map<number, State> {
    const found = new Map<number, State>();
    const walk = (node: Node, at: State): void => {
      if (node.id !== undefined) found.set(node.id, at);
      for (const [byte, child] of node.children) {
        const behind = at.next(byte);
        if (behind !== undefined) walk(child, behind);
      }
    };
    walk(this.#root, state);
    return found;
  }
}
