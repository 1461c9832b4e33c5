/**
 * SVG → PNG, and → SVG of outlines that looks alike everywhere, by resvg, in fonts that set Vietnamese (Lora, Dancing
 * Script; both OFL). All three packages come when they are first needed.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageFolder } from '../gpu/packages.ts';

const FACES = [
  ['lora', '400Regular/Lora_400Regular.ttf'],
  ['lora', '400Regular_Italic/Lora_400Regular_Italic.ttf'],
  ['dancing-script', '700Bold/DancingScript_700Bold.ttf'],
] as const;

export interface Renderer {
  png(svg: string): Uint8Array;
  /** Letters as paths; what the picture says stays its label. */
  outlined(svg: string): string;
}

/** One for many cards. @throws ToolkitError NO_PACKAGE: what it needs could not be fetched */
export async function openRenderer(): Promise<Renderer> {
  const { Resvg } = (await import(
    pathToFileURL(join(packageFolder('@resvg/resvg-js'), 'index.js')).href
  )) as typeof import('@resvg/resvg-js');
  const fontFiles = FACES.map(([name, file]) => join(packageFolder(`@expo-google-fonts/${name}`), file));
  const font = {
    ...{ fontFiles, loadSystemFonts: false },
    ...{ defaultFontFamily: 'Lora', serifFamily: 'Lora', cursiveFamily: 'Dancing Script' },
  };
  return {
    png: (svg) => new Resvg(svg, { font }).render().asPng(),
    outlined(svg) {
      const [label = ''] = /role="img" aria-label="[^"]*" lang="vi"/.exec(svg) ?? [];
      return `${new Resvg(svg, { font }).toString().replace('<svg ', `<svg ${label} `)}\n`;
    },
  };
}
