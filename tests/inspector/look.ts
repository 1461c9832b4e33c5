/**
 * Every view of `vua inspect` as a picture, in light and dark, on a desk and on a phone: for whoever changes how they look.
 *
 *   npm run inspect:look -- DIR [--only documents] [--to FOLDER] [--quick] [--fold]
 *
 * Pictures go to a temporary folder, whose name is printed. --quick: two of four kinds; --fold: what fits the screen alone.
 */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { broughtViews } from '../../commands.ts';
import { inspectorSite } from '../../shards/inspector/bundle.ts';
import { startServer } from '../../shards/inspector/server.ts';
import { documentViews } from '../../shards/inspector/views.ts';
import { openBrowser } from './browser.ts';
import { addressesOf } from './places.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, to: { type: 'string' }, quick: { type: 'boolean' }, fold: { type: 'boolean' } },
});
const dir = positionals[0] ?? 'vua-out';
const to = values.to ?? mkdtempSync(join(tmpdir(), 'vua-look-'));
mkdirSync(to, { recursive: true });
const brought = await broughtViews();
const views = [...documentViews, ...brought.views];
const site = await inspectorSite(views);
const server = await startServer({ dir, host: '127.0.0.1', port: 0, views, site, pages: await brought.pages() });
const browser = await openBrowser();
const SCREENS = {
  desk: { width: 1360, height: 900 },
  phone: { width: 390, height: 844, isMobile: true, hasTouch: true },
};
try {
  for (const [screen, viewport] of Object.entries(SCREENS)) {
    for (const scheme of ['light', 'dark'] as const) {
      if (values.quick && (screen === 'phone') !== (scheme === 'dark')) continue;
      for (const [name, address] of Object.entries(await addressesOf(server.address))) {
        if (values.only && !name.startsWith(values.only)) continue;
        const page = await browser.newPage();
        page.on('console', (message) => message.type() === 'error' && console.error(`${name}: ${message.text()}`));
        page.on('pageerror', (error) => console.error(`${name}: ${String(error)}`));
        await page.setViewport({ ...viewport, deviceScaleFactor: 1 });
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
        await page.evaluateOnNewDocument(
          (tongue) => localStorage.setItem('vua-tongue', tongue),
          screen === 'phone' ? 'vi' : 'en',
        );
        await page.goto(server.address + address);
        await page.waitForSelector('#view > *, #problem:not([hidden]), #form', { timeout: 20_000 });
        await new Promise((resolve) => setTimeout(resolve, 300));
        const path = join(to, `${name}-${screen}-${scheme}.png`);
        await page.screenshot({ path: path as `${string}.png`, fullPage: !values.fold });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
        if (wide) console.error(`${name} ${screen}: wider than the screen`);
        await page.close();
      }
    }
  }
} finally {
  await browser.close();
  await server.close();
}
console.log(to);
