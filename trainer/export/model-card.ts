/** The model card of an export: what Hugging Face shows as a model's page, from what the run itself has recorded. */
import { basename } from 'node:path';
import { formatBytes, formatCount } from '../../crawlers/shell/reporter.ts';
import { parameterCount } from '../model/config.ts';
import type { CheckpointState } from '../record/checkpoint.ts';
import type { HeldOutFigures } from '../run/options.ts';
import { heldOutName } from '../run/rows.ts';
import { passagesText, type Yardstick } from '../score/bits-per-byte.ts';
import { withError } from '../score/estimate.ts';

/** Documents of one source under one licence. */
export interface DataShare {
  readonly source: string;
  readonly licence: string;
  readonly documents: number;
  readonly bytes: number;
}

export interface CardFacts {
  readonly name: string;
  readonly state: CheckpointState;
  /** Of the last evaluation up to this checkpoint, all of one text; none where the run does not lie beside it. */
  readonly heldOut?: HeldOutFigures;
  /** Largest first; none when the documents were not given. */
  readonly data: readonly DataShare[];
  /** SPDX name, of the model. */
  readonly licence?: string;
  readonly files: readonly string[];
}

export function modelCard({ name, state, heldOut, data, licence, files }: CardFacts): string {
  const { config } = state;
  const { options } = state;
  const tokens = state.step * Number(options.batch ?? 0) * config.context;
  const rows: [string, string | undefined][] = [
    [
      'architecture',
      `${config.architecture}, ${config.layers} layers × ${config.width}, ${config.heads} heads, ${config.keyHeads} key heads of ${config.headSize}, MLP ${config.hidden}, ${config.tied ? 'tied' : 'untied'} head`,
    ],
    ['parameters', formatCount(parameterCount(config))],
    ['context', `${config.context} tokens`],
    ['vocabulary', `${formatCount(config.vocabSize)} (byte-level BPE)`],
    ['optimizer steps', formatCount(state.step)],
    ['tokens trained on', tokens > 0 ? formatCount(tokens) : undefined],
    ...(heldOut ? heldOutRows(heldOut, state.step) : []),
    ['peak learning rate', options.learningRate?.toString()],
    ['seed', options.seed?.toString()],
    ['token shards', options.tokens?.toString()],
    ['trained on', state.adapter || undefined],
  ];
  const front = [
    'language: vi',
    ...(licence ? [`license: ${licence}`] : []),
    'library_name: transformers',
    'pipeline_tag: text-generation',
  ];
  return `---
${front.join('\n')}
---

# ${name}

A Vietnamese language model, ${beginning(state)} with Vựa. It continues text; it was not taught to follow instructions.

| | |
| --- | --- |
${rows.flatMap(([key, value]) => (value === undefined ? [] : [`| ${key} | ${value} |`])).join('\n')}

## Data

${dataText(data)}

## Licence

${licence ? `The weights are under ${licence}.` : 'No licence was stated for the weights: state one before you pass them on (`vua export --licence`).'} The texts keep their own licences.

## Use

Every document was preceded by \`<|bos|>\`, which the tokenizer adds, and which also ends what the model writes.

\`\`\`python
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("${name}")
model = AutoModelForCausalLM.from_pretrained("${name}")
inputs = tokenizer("Việt Nam", return_tensors="pt")
print(tokenizer.decode(model.generate(**inputs, max_new_tokens=50)[0], skip_special_tokens=True))
\`\`\`

Texts must be in Unicode NFC for llama.cpp, which does not bring them to it; the other libraries do.

Files: ${files.map((file) => `\`${file}\``).join(', ')}.

## Limits

Trained on the texts above and nothing else: it repeats their errors, gaps and views, and states falsehoods fluently.
`;
}

const beginning = ({ extra }: CheckpointState): string => {
  const { from } = (extra?.origin ?? {}) as { readonly from?: string };
  return from === undefined ? 'trained from scratch' : `trained on from the weights of \`${basename(from)}\``;
};

/** All of one text, which the last row names. */
function heldOutRows(figures: HeldOutFigures, step: number): [string, string][] {
  const { unigramBitsPerByte, unigramStandardError: standardError, bytes, passages } = figures;
  const at = figures.step === step ? '' : `, at step ${formatCount(figures.step)}`;
  return [
    [`held-out bits per byte${at}`, withError(figures)],
    ...(unigramBitsPerByte === undefined
      ? []
      : [
          ['the same text, unigram model', withError({ bitsPerByte: unigramBitsPerByte, standardError })] as [
            string,
            string,
          ],
        ]),
    ...(bytes ? [[yardstickName(bytes), withError(bytes)] as [string, string]] : []),
    ['held-out text', heldOutName(figures)],
    ...(passages
      ? [['words of it in the training text, in runs of 13, 50', passagesText(passages)] as [string, string]]
      : []),
  ];
}

/** Comparable between models of other tokenizers, as the unigram model is not. */
const yardstickName = ({ trainBytes }: Yardstick): string =>
  `the same text, byte 5-gram of ${formatBytes(trainBytes)} of the training text`;

function dataText(data: readonly DataShare[]): string {
  if (data.length === 0) {
    return 'The documents were not given when this card was written (`vua export --documents DIR` lists their sources and licences).';
  }
  const rows = largest(data).map(
    ({ source, licence, documents, bytes }) =>
      `| ${source} | ${licence || 'not stated'} | ${formatCount(documents)} | ${formatBytes(bytes)} |`,
  );
  return ['| source | licence | documents | text |', '| --- | --- | --: | --: |', ...rows].join('\n');
}

/** More sources than these become a row for each licence. */
const MOST_SOURCES = 20;

/** The largest as they are, the others summed by licence. */
export function largest(data: readonly DataShare[]): readonly DataShare[] {
  const rest = new Map<string, { sources: number; documents: number; bytes: number }>();
  for (const { licence, documents, bytes } of data.slice(MOST_SOURCES)) {
    const sum = rest.get(licence) ?? { sources: 0, documents: 0, bytes: 0 };
    rest.set(licence, { sources: sum.sources + 1, documents: sum.documents + documents, bytes: sum.bytes + bytes });
  }
  const summed = [...rest].map(([licence, { sources, ...sum }]) => ({
    source: `${formatCount(sources)} more ${sources === 1 ? 'source' : 'sources'}`,
    licence,
    ...sum,
  }));
  return [...data.slice(0, MOST_SOURCES), ...summed];
}
