/** Config files: what `vua init` writes is what `vua run` takes, and what it prints says the same again. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command as Commander } from 'commander';
import { expect, it } from 'vitest';
import { addCommand } from '../../crawlers/shell/command.ts';
import { readConfigFile } from '../../crawlers/shell/config-file.ts';
import { runCommand, runOptions, settingsOf } from '../../nightly.ts';
import { CONFIGS, configSchema, configText, filesOf, printConfig } from '../../shards/nights/configs.ts';
import { askCommand } from '../../trainer/commands/ask.ts';
import { context, temporaryFolder } from '../support.ts';

const written = (text: string, name = filesOf('nightly').config): string => {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
};

const commands = { run: runCommand, ask: askCommand(() => Promise.reject(new Error('is not asked'))) };

/** Options of `vua COMMAND --config PATH`. */
async function optionsIn(path: string, command: keyof typeof commands): Promise<Record<string, unknown>> {
  const program = new Commander('vua').exitOverride();
  let options = {};
  addCommand(program, commands[command], '', async (_, given) => {
    options = given;
  });
  await program.parseAsync([command, '--config', path], { from: 'user' });
  return options;
}

/** Settings of `vua run --config PATH`. */
async function settingsIn(path: string): Promise<object> {
  const { config: _config, ...settings } = settingsOf(runOptions.parse(await optionsIn(path, 'run')));
  return settings;
}

it.each(CONFIGS)('vua init %s: what stands there is taken, and so is what stands behind //', async (name) => {
  const { command, schema } = filesOf(name);
  const text = configText(name, commands[command].options.shape);
  const said = await optionsIn(written(text), command);
  expect(said).toMatchObject(command === 'run' ? { out: 'vua-out' } : { serve: true, documents: 'vua-out/documents' });
  const whole = written(text.replace(/^ {2}\/\/ "/gm, '  "'));
  expect(Object.keys(readConfigFile(whole) as object).length).toBeGreaterThan(command === 'run' ? 9 : 6);
  const { config: _a, ...rest } = said;
  const { config: _b, ...all } = await optionsIn(whole, command);
  expect(all).not.toEqual(rest);
  expect(text).toContain(`"$schema": "./${schema}"`);
});

it('prints options in force as a config that says the same again', async () => {
  const settings = await settingsIn(written('{ "sample": true, "threshold": { "too_short": 30 }, "maxPages": 7 }'));
  const { report, out } = context();
  printConfig(settings, report);
  const printed = out.join('');
  expect(JSON.parse(printed)).toMatchObject({ 'max-pages': 7, threshold: ['too_short=30'], out: 'vua-sample' });
  expect(await settingsIn(written(printed))).toEqual(settings);
});

it('reads comments and commas as editors write them, and leaves strings alone', () => {
  const text = '\uFEFF{ // one\n "a": "// no /* comment */,}", /* two\n lines */ "b": [1, 2,], "$schema": "x",\n}';
  expect(readConfigFile(written(text))).toEqual({ a: '// no /* comment */,}', b: [1, 2] });
  expect(() => readConfigFile(written('{\n// c\n"a": }'))).toThrow(/not valid JSON/);
  expect(readConfigFile('/nowhere/vua.config.json')).toBeUndefined();
});

it('has a schema of every key, written either way, with what it allows', () => {
  const { properties } = configSchema(runOptions.shape, 'run') as { properties: Record<string, object> };
  expect(Object.keys(runOptions.shape).filter((key) => !(key in properties))).toEqual([]);
  expect(properties['max-pages']).toMatchObject({ type: 'integer', minimum: 1, description: expect.any(String) });
  expect(properties.maxPages).toEqual(properties['max-pages']);
  expect(properties.until).toMatchObject({ enum: ['crawl', 'clean', 'tokenizer', 'tokens', 'model'] });
  expect(properties.threshold).toMatchObject({ anyOf: [{ type: 'array' }, { type: 'object' }] });
});
