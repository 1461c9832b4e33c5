"""Peers of the tokenizer benchmark. `python peers.py COMMAND ARGS`: prints one JSON line; timings leave loading out."""
import json, os, struct, sys, time

command, args = sys.argv[1], sys.argv[2:]


def texts_of(path):
    return open(path, "rb").read().decode("utf-8").split("\0")


def done(**result):
    print(json.dumps(result), flush=True)


class Clock:
    """Wall and CPU seconds since it was made; all threads of the process count."""

    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self):
        return {"seconds": time.perf_counter() - self.wall, "cpu": time.process_time() - self.cpu}


def pattern_of(tokenizer_json):
    return json.load(open(tokenizer_json))["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]


def train_hf(corpus, pattern, vocab, out):
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

    texts = texts_of(corpus)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=int(vocab),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=2,
        show_progress=False,
    )
    clock = Clock()
    tokenizer.train_from_iterator(texts, trainer)
    elapsed = clock.read()
    tokenizer.save(out)
    done(**elapsed)


def train_rustbpe(corpus, pattern, vocab):
    import rustbpe

    texts = texts_of(corpus)
    tokenizer = rustbpe.Tokenizer()
    clock = Clock()
    tokenizer.train_from_iterator(iter(texts), int(vocab), pattern=pattern)
    done(**clock.read())


def train_youtokentome(corpus, vocab, out):
    import youtokentome

    lines = out + ".txt"
    open(lines, "w").write("\n".join(texts_of(corpus)))
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    clock = Clock()
    youtokentome.BPE.train(lines, out, int(vocab), n_threads=2)
    elapsed = clock.read()
    os.dup2(kept, 1)
    done(**elapsed)


def train_sentencepiece(corpus, vocab, out):
    import sentencepiece

    lines = out + ".txt"
    open(lines, "w").write("\n".join(texts_of(corpus)))
    clock = Clock()
    sentencepiece.SentencePieceTrainer.train(
        input=lines,
        model_prefix=out,
        model_type="bpe",
        vocab_size=int(vocab),
        byte_fallback=True,
        num_threads=2,
        max_sentence_length=1 << 20,
        minloglevel=2,
    )
    done(**clock.read())


def encode_hf(corpus, tokenizer_json):
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    from tokenizers import Tokenizer

    texts = texts_of(corpus)
    tokenizer = Tokenizer.from_file(tokenizer_json)
    times = []
    for _ in range(2):
        clock = Clock()
        for text in texts:
            tokenizer.encode(text, add_special_tokens=False).ids
        times.append(clock.read()["cpu"])
    done(cold=times[0], warm=times[1])


def byte_level():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return {chr(b): b for b in printable} | {chr(0x100 + i): b for i, b in enumerate(others)}


def tiktoken_of(tokenizer_json):
    import tiktoken

    byte = byte_level()
    file = json.load(open(tokenizer_json))
    names = {token["content"] for token in file["added_tokens"]}
    vocab = file["model"]["vocab"].items()
    ranks = {bytes(byte[c] for c in token): i for token, i in vocab if token not in names}
    return tiktoken.Encoding("ours", pat_str=pattern_of(tokenizer_json), mergeable_ranks=ranks, special_tokens={})


def encode_tiktoken(corpus, tokenizer_json):
    texts = texts_of(corpus)
    encoding = tiktoken_of(tokenizer_json)
    times, tokens = [], 0
    for _ in range(2):
        clock = Clock()
        for text in texts:
            tokens += len(encoding.encode_ordinary(text))
        times.append(clock.read()["cpu"])
    done(cold=times[0], warm=times[1], tokens=tokens // 2)


def encode_gigatoken(corpus, tokenizer_json):
    import gigatoken

    texts = texts_of(corpus)
    tokenizer = gigatoken.Tokenizer(tokenizer_json)
    times = []
    for _ in range(2):
        clock = Clock()
        for text in texts:
            tokenizer.encode(text)
        times.append(clock.read()["cpu"])
    done(cold=times[0], warm=times[1])


def passes(encode_all, ids_of, version):
    """The first pass of this process over all texts, and the best of three later ones, in CPU seconds; what `import` and
    loading took before; a checksum of all ids, made outside the clock."""
    import hashlib
    from array import array

    load = time.process_time() - reading
    times, made = [], None
    for _ in range(4):
        made, clock = None, Clock()
        made = encode_all()
        times.append(clock.read()["cpu"])
    digest, tokens = hashlib.sha256(), 0
    for ids in ids_of(made):
        tokens += len(ids)
        digest.update(array("I", [len(ids)]).tobytes() + array("I", ids).tobytes())
    done(version=version, load=load, first=times[0], warm=min(times[1:]), tokens=tokens, ids=digest.hexdigest())


def read_texts(corpus):
    global reading
    before = time.process_time()
    texts = texts_of(corpus)
    reading = time.process_time() - before
    return texts


def speed_gigatoken(corpus, tokenizer_json):
    from importlib.metadata import version
    import gigatoken

    tokenizer = gigatoken.Tokenizer(tokenizer_json)
    texts = [text.encode() for text in read_texts(corpus)]
    encode = lambda: tokenizer.encode_batch(texts, parallel=False)
    passes(encode, lambda made: (ids.to_numpy() for ids in made), version("gigatoken"))


def speed_tokenizers(corpus, tokenizer_json):
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(tokenizer_json)
    texts = read_texts(corpus)
    encode = lambda: tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    passes(encode, lambda made: (encoding.ids for encoding in made), tokenizers.__version__)


def speed_fastokens(corpus, tokenizer_json):
    from importlib.metadata import version
    from fastokens._native import Tokenizer

    tokenizer = Tokenizer.from_file(tokenizer_json)
    texts = read_texts(corpus)
    encode = lambda: [tokenizer.encode(text, False) for text in texts]
    passes(encode, lambda made: (encoding.ids for encoding in made), version("fastokens"))


def speed_tiktoken(corpus, tokenizer_json):
    import tiktoken

    encoding = tiktoken_of(tokenizer_json)
    texts = read_texts(corpus)
    encode = lambda: [encoding.encode_ordinary(text) for text in texts]
    passes(encode, lambda made: made, tiktoken.__version__)


def train_gigatoken(corpus, merges, out):
    """The split rule is GPT-2's: there is no other. Documents are separated by NUL."""
    from importlib.metadata import version
    import gigatoken

    data = open(corpus, "rb").read()
    clock = Clock()
    made = gigatoken.train_bpe(data, 256 + int(merges), [], separator=b"\0")
    elapsed = clock.read()
    open(out, "w").write("\n".join(f"{left.hex()} {right.hex()}" for left, right in made[1]))
    done(version=version("gigatoken"), **elapsed)


def write_ids(out, all_ids):
    """Of each text its number of ids, then the ids, as little-endian 32-bit integers."""
    with open(out, "wb") as file:
        for ids in all_ids:
            file.write(struct.pack(f"<{len(ids) + 1}I", len(ids), *ids))
    done()


def ids_tokenizers(texts, folder, out):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
    encodings = tokenizer.encode_batch(json.load(open(texts)), add_special_tokens=False)
    write_ids(out, (encoding.ids for encoding in encodings))


def ids_transformers(texts, folder, out):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    write_ids(out, (tokenizer(text, add_special_tokens=False)["input_ids"] for text in json.load(open(texts))))


def ids_gigatoken(texts, folder, out):
    import gigatoken

    tokenizer = gigatoken.Tokenizer(folder + "/tokenizer.json")
    write_ids(out, ([int(i) for i in tokenizer.encode(text)] for text in json.load(open(texts))))


globals()[command.replace("-", "_")](*args)
