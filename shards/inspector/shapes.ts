/** What the server tells its pages, and what rooms to the right hand it for them: types alone, for Node and for a page. */

/** Names of what may be chosen of a card; of each writer the readers. */
export interface CardChoices {
  readonly occasions: readonly { readonly name: string; readonly heading: string; readonly design: string }[];
  readonly pairs: Readonly<Record<string, readonly string[]>>;
  readonly forms: readonly string[];
  readonly lengths: readonly string[];
  readonly tones: readonly string[];
  readonly designs: readonly string[];
}

/** A card that is wanted, in the names of `CardChoices`. */
export interface CardRequest {
  readonly occasion: string;
  readonly from: string;
  readonly to: string;
  readonly form: string;
  readonly length: string;
  readonly tone: string;
  readonly name: string;
  readonly signed: string;
  readonly seed: number;
}

/** What a player of a quiz did with a question. */
export interface Try {
  readonly player: string;
  /** The letter that it gave; empty: none that could be read, or none in time. */
  readonly answer: string;
  readonly seconds: number;
  readonly right: boolean;
  readonly points: number;
  /** Why there is no answer. */
  readonly fault?: string;
}

/** A question of a quiz, and the letter that is right. */
export interface Asked {
  readonly id: string;
  readonly question: string;
  readonly choices: readonly string[];
  readonly answer: string;
}

/** A quiz, whole or in the making: of this one only the questions that were asked are open. */
export interface Game {
  readonly sealed: string;
  readonly limit: number;
  readonly players: readonly string[];
  readonly startedAt: string;
  readonly questions: number;
  readonly rounds: readonly { readonly question: string; readonly tries: readonly Try[] }[];
  readonly asked: readonly Asked[];
}

export type Board = readonly { readonly player: string; readonly points: number; readonly right: number }[];

/** A game as it is told. */
export interface ToldGame extends Game {
  readonly file: string;
  readonly isLive: boolean;
  readonly board: Board;
  readonly faults: readonly string[];
}
