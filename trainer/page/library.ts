/** What `import 'vua'` gives in a browser: index.ts without the stations. Bundled by the build, Node's parts replaced. */
import { cleanHtml } from '../../cleaning/clean-html.ts';
import { languageOf as identify } from '../../cleaning/vietnamese/language.ts';
import { normalize } from '../../cleaning/vietnamese/normalize.ts';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { eachBatch, openTokens } from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';

export { cleanHtml, eachBatch, identify, normalize, openTokens, Tokenizer, ToolkitError };
