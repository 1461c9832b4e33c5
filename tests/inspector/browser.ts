/** A headless Chromium (npm @sparticuz/chromium). */
import chromium from '@sparticuz/chromium';
import puppeteer, { type Browser } from 'puppeteer-core';

/** @throws where it does not start */
export async function openBrowser(): Promise<Browser> {
  const args = ['--no-sandbox', '--no-first-run', '--disable-background-networking', '--disable-sync', '--disable-gpu'];
  const executablePath = await chromium.executablePath();
  // Of no locale that a browser does not know: `C` becomes `en-US@posix`.
  return puppeteer.launch({ executablePath, headless: 'shell', args, env: { ...process.env, LC_ALL: 'en_US.UTF-8' } });
}
