/** Addresses of a corpus that show every view with something in it. */

interface Lines {
  readonly documents: readonly { readonly id: string; readonly reason?: string }[];
}

export async function addressesOf(server: string): Promise<Record<string, string>> {
  const ask = async <T>(path: string): Promise<T> => (await (await fetch(`${server}/api/${path}`)).json()) as T;
  const { documents } = await ask<Lines>('documents?order=-syllables&limit=1&syllables=100..600');
  const near = await ask<Lines & { error?: unknown }>('documents?kind=rejects&stage=near&limit=1');
  const dropped = await ask<Lines>('documents?kind=rejects&stage=filter&limit=1');
  const snapshots = await ask<{ corpora: readonly { id: string }[] }>('corpora');
  const [last, before] = snapshots.corpora;
  const places: Record<string, string> = {
    overview: '/overview',
    'overview-filtered': '/overview?diacritic_ratio=..0.75',
    documents: '/documents?q=ha%20noi',
    'documents-sample': '/documents?sample=20&seed=7',
    document: `/documents?id=${encodeURIComponent(documents[0]?.id ?? '')}`,
    rejects: '/rejects',
    'rejects-what-if': '/rejects?rule=too_short&threshold=too_short=60',
    nights: before ? `/nights?from=${before.id}&to=${last.id}` : '/nights',
    trace: `/trace?text=${encodeURIComponent('Chiều nay trời mưa. Hai con chim cũng thắt bằng lá dừa châu mỏ vô nhau, người mua kẻ bán.')}`,
    sql: `/sql?q=${encodeURIComponent('SELECT host, count(*) AS dropped, mode(reason) AS most_often\nFROM rejects GROUP BY host ORDER BY dropped DESC LIMIT 20')}`,
    ask: `/ask?question=${encodeURIComponent('Gạo nếp ngâm mấy tiếng?')}`,
    cards: '/cards?name=B%E1%BB%91%20m%E1%BA%B9&signed=Nam',
    quiz: '/quiz',
    tokenizer: '/tokenizer',
    training: '/training',
    train: '/train/',
  };
  if (dropped.documents[0]) places.reject = `/rejects?id=${encodeURIComponent(dropped.documents[0].id)}`;
  const [one] = near.documents;
  if (one) {
    const { found } = await ask<{ found: readonly { repeats: readonly { id: string }[] }[] }>(
      `document?id=${encodeURIComponent(one.id)}`,
    );
    const other = found[0]?.repeats[0]?.id;
    if (other) places.sides = `/rejects?id=${encodeURIComponent(one.id)}&with=${encodeURIComponent(other)}`;
  }
  return places;
}
