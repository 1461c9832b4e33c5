/** Trains a small model for some steps on token shards, and lets it write. */
import { openTokens } from 'vua/shards';
import { Tokenizer } from 'vua/tokenizer';
import { openGpu, openLoader, recipeOf, Sampler, samplePrompts, Trainer } from 'vua/trainer';

const folder = await openTokens('tokens');
const gpu = await openGpu();
const options = { depth: 1, width: 64, context: 32, batch: 4, steps: 12, learningRate: 0.02 };
const { config, trainer: made } = recipeOf(options, folder.manifest.vocabSize, gpu.facts);
const trainer = await Trainer.create(gpu, config, made);
trainer.arena.initialise(config, 1);

const { context: length, paddedVocab } = config;
const plan = { rows: made.rows, length, paddedVocab, seed: 1, layout: 'stream', maskDocuments: false } as const;
const loader = openLoader([folder.source('train')], plan);
for (let step = 1; step <= options.steps; step++) trainer.step([await loader.next()], options.learningRate);
const losses = (await trainer.figures(options.steps)).map(({ loss }) => loss);
console.log(`loss ${losses[0]?.toFixed(1)}, then lower: ${Math.min(...losses) < Math.max(...losses) - 0.3}`);

const sampler = await Sampler.create(gpu, config, trainer.arena);
const drawn = { count: 8, seed: 1, temperature: 0.8, topK: 40 };
console.log(await samplePrompts(sampler, await Tokenizer.load('tokens'), ['Buổi sáng'], drawn));
gpu.destroy();
