/** The form of the page: token folders to choose from, options, and what a run of them would need. */
import { reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import { formatBytes, formatCount } from '../../crawlers/shell/reporter.ts';
import type { FoundFolder } from '../../shards/tokens/source.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import { parameterCount } from '../model/config.ts';
import { finalTokensOf } from '../run/options.ts';
import { defaultMemoryGb, type Recipe, recipeOf } from '../run/recipe.ts';
import type { Precision } from '../run/recipe-options.ts';
import { element, figures, find } from './elements.ts';
import type { RunOptions } from './messages.ts';

const form = find('form', HTMLFormElement);
const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
/** 0 where a field is left empty: then it follows from the others. */
const number = (name: string): number => Number(field(name).value || 0);

let folders: readonly FoundFolder[] = [];

/** Fetches what folders there are; those that were chosen stay so. At first the one that is alone is chosen. */
export async function showFolders(): Promise<void> {
  const list = find('folders');
  try {
    const response = await fetch('/folders.json');
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const found = (await response.json()) as { dir: string; folders: FoundFolder[] };
    const chosen = folders.length > 0 ? chosenFolders().map(({ path }) => path) : [];
    folders = found.folders;
    const usable = folders.filter(({ problem }) => problem === undefined);
    if (chosen.length === 0 && usable.length > 0) chosen.push(usable[0].path);
    list.replaceChildren(
      ...folders.map((folder) => folderLabel(folder, chosen.includes(folder.path))),
      ...(folders.length === 0
        ? [element('p', { class: 'quiet' }, `No token folder in ${found.dir}: make one with vua tokens or vua run.`)]
        : []),
    );
  } catch (error) {
    list.replaceChildren(
      element(
        'p',
        { class: 'refusal' },
        `The folders could not be asked for (${reasonOf(error)}). Is vua inspect still running?`,
      ),
    );
  }
}

function folderLabel({ path, vocabSize, trainTokens, documents, problem }: FoundFolder, checked: boolean): HTMLElement {
  const box = element('input', { type: 'checkbox', name: 'folder', value: path });
  box.checked = checked;
  box.disabled = problem !== undefined;
  const facts =
    problem ??
    `${formatCount(trainTokens!)} tokens, vocabulary ${formatCount(vocabSize!)}, ${formatCount(documents!)} documents`;
  return element('label', {}, box, element('span', {}, path || '.'), element('small', {}, facts));
}

function chosenFolders(): FoundFolder[] {
  const boxes = form.querySelectorAll<HTMLInputElement>('input[name=folder]:checked');
  const paths = Array.from(boxes, ({ value }) => value);
  return folders.filter(({ path }) => paths.includes(path));
}

const urlOf = ({ path }: FoundFolder): string =>
  new URL(['/tokens', ...path.split('/').filter(Boolean).map(encodeURIComponent)].join('/'), location.href).href;

export function readOptions(): RunOptions {
  return {
    tokens: chosenFolders().map(urlOf),
    depth: number('depth'),
    width: number('width'),
    context: number('context'),
    batch: number('batch'),
    steps: number('steps'),
    learningRate: number('learningRate'),
    memoryGb: number('memoryGb'),
    precision: field('precision').value as Precision,
    layout: field('layout').value as RunOptions['layout'],
    seed: number('seed'),
    evaluateEvery: number('evaluateEvery'),
    evaluateTokens: number('evaluateTokens'),
    finalTokens: number('finalTokens'),
    prompt: field('prompt').value.trim(),
    sampleTokens: number('sampleTokens'),
    temperature: number('temperature'),
  };
}

/** Shows parameters, memory and tokens of the run, or why it cannot be. @returns whether it can. */
export function showEstimate(facts: AdapterFacts | undefined): boolean {
  find('depth-shown').textContent = field('depth').value;
  const refusal = find('refusal');
  refusal.hidden = true;
  const [first, ...others] = chosenFolders();
  try {
    if (!form.checkValidity()) return refuse(invalidField());
    if (!first) return refuse(folders.length > 0 ? 'Choose a token folder.' : '');
    if (others.some(({ tokenizer }) => tokenizer !== first.tokenizer)) {
      return refuse('The chosen folders were made with different tokenizers: their ids mean different texts.');
    }
    if (!facts) return refuse('');
    const recipe = recipeOf(readOptions(), first.vocabSize!, facts);
    showRecipe(
      recipe,
      facts,
      [first, ...others].reduce((sum, { trainTokens = 0 }) => sum + trainTokens, 0),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    return refuse(`${error.message}. ${error.hint ?? ''}`.replaceAll('--', '')); // flags are fields here
  }

  function refuse(why: string): false {
    refusal.textContent = why;
    refusal.hidden = why === '';
    find('estimate').replaceChildren();
    return false;
  }
}

function invalidField(): string {
  const input = form.querySelector<HTMLInputElement>('input:invalid')!;
  const name = input.closest('label')?.firstChild?.textContent?.trim() ?? input.name;
  return `${name}: ${input.validationMessage}`;
}

function showRecipe(recipe: Recipe, facts: AdapterFacts, tokens: number): void {
  const { config, trainer, accumulate, schedule, memory } = recipe;
  const rows = trainer.rows * accumulate;
  // An empty field shows what it will be.
  field('width').placeholder = String(config.width);
  field('context').placeholder = String(config.context);
  field('batch').placeholder = String(rows);
  field('learningRate').placeholder = schedule.peak.toPrecision(3);
  field('memoryGb').placeholder = String(Math.floor(defaultMemoryGb(facts)));
  const perStep = rows * config.context;
  const evaluateTokens = number('evaluateTokens');
  field('finalTokens').placeholder = formatCount(finalTokensOf({ evaluateTokens }, perStep * schedule.steps));
  const epochs = (perStep * schedule.steps) / tokens;
  find('estimate').replaceChildren(
    ...figures({
      Parameters: formatCount(parameterCount(config)),
      'GPU memory': formatBytes(memory.bytes),
      'Tokens a step': `${formatCount(perStep)}${accumulate > 1 ? ` (${accumulate} parts)` : ''}`,
      'Tokens in all': formatCount(perStep * schedule.steps),
      Epochs: epochs.toPrecision(2),
      Precision: trainer.storage === 'f16' ? 'mixed f16' : 'f32',
    }),
  );
}
