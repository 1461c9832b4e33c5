/** A crawl in a process of its own, to be killed; two of them want one folder. Says when it begins, and how it ended. */
import type { LookupFunction } from 'node:net';
import { runCrawl } from '../../crawlers/run-crawl.ts';
import { ToolkitError } from '../../crawlers/shell/errors.ts';

const { options, addresses } = JSON.parse(process.argv[2]!);
const lookup: LookupFunction = (host, _options, tell) => {
  const address: string | undefined = addresses[host];
  if (address !== undefined) tell(null, [{ address, family: 4 }]);
  else tell(Object.assign(new Error(`no ${host}`), { code: 'ENOTFOUND' }), []);
};
process.send!('begins');
try {
  await runCrawl({ ...options, lookup });
  process.send!('done');
} catch (error) {
  process.send!(error instanceof ToolkitError ? error.code : String(error));
}
process.disconnect();
