"""Reads an export with the engine's own reader and compares every token and document: readers.py TO OUT EXPECTED CONTEXT

EXPECTED holds SPLIT.tokens.u32 and SPLIT.lengths.u32 for each split: what stands in the token folder, framed.
"""

import glob
import json
import sys
from pathlib import Path

import numpy as np

to, out, expected, context = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
manifest = json.loads((out / "manifest.json").read_text())
dtype = np.dtype(manifest["dtype"])
T = 512


def cut(tokens, lengths):
    return np.split(tokens, np.cumsum(lengths)[:-1])


def same(what, found, wanted):
    found, wanted = np.asarray(found, np.int64), np.asarray(wanted, np.int64)
    assert found.shape == wanted.shape, f"{what}: {found.shape}, expected {wanted.shape}"
    assert (found == wanted).all(), f"{what}: first difference at {np.argmax(found != wanted)}"


def windows(what, rows, tokens, size):
    """Rows of a fixed length are the tokens, cut, without the tail."""
    rows = [np.asarray(row, np.int64) for row in rows]
    assert len(rows) == len(tokens) // size, f"{what}: {len(rows)} rows, expected {len(tokens) // size}"
    same(what, np.concatenate(rows) if rows else [], tokens[: len(rows) * size])


def megatron(split, tokens, lengths):
    from megatron.core.datasets.indexed_dataset import IndexedDataset

    data = IndexedDataset(str(out / f"{split}-00000"), mmap=True)
    assert len(data) == len(lengths) and len(data.document_indices) == len(lengths) + 1
    for i, document in enumerate(cut(tokens, lengths)):
        same(f"document {i}", data[i], document)


def datatrove(split, tokens, lengths):
    from datatrove.utils.dataset import DatatroveFolderDataset

    data = DatatroveFolderDataset(
        str(out / split), T, filename_pattern="*.ds", token_size=dtype.itemsize, return_positions=True
    )
    windows("windows", [data[i]["input_ids"] for i in range(len(data))], tokens, T + 1)
    positions = np.concatenate([np.arange(n) for n in lengths])
    for i in range(len(data)):
        at = i * (T + 1)
        want = positions[at : at + T + 1].copy()
        first = int(np.argmax(want == 0)) if (want == 0).any() else T + 1
        want[:first] = np.arange(first)  # a document that began before the window counts anew
        same(f"positions {i}", data[i]["positions"], want)


def olmo(split, tokens, lengths):
    from olmo_core.data import NumpyFSLDataset
    from olmo_core.data.utils import iter_document_indices

    paths = sorted(glob.glob(str(out / split / "*.npy")))
    eos = manifest["endId"]
    ends = np.cumsum(lengths)
    wanted = list(zip(ends - lengths, ends))
    for by_array in (True, False):
        found = [p for path in paths for p in iter_document_indices(path, use_array_if_local=by_array, eos_token_id=eos, dtype=dtype.type)]
        same("documents", found, wanted)
    data = NumpyFSLDataset(
        *paths, sequence_length=T, pad_token_id=eos, eos_token_id=eos, dtype=dtype.type, vocab_size=manifest["vocabSize"]
    )
    data.prepare()
    windows("windows", [data[i]["input_ids"].numpy() for i in range(len(data))], tokens, T)


def mds(split, tokens, lengths):
    from streaming import StreamingDataset

    data = StreamingDataset(local=str(out), split=split, shuffle=False, batch_size=1)
    rows = [data[i] for i in range(len(data))]
    if context > 0:
        return windows("rows", [row["tokens"] for row in rows], tokens, context)
    assert len(rows) == len(lengths)
    for i, document in enumerate(cut(tokens, lengths)):
        same(f"document {i}", rows[i]["tokens"], document)
        assert rows[i]["source"] != ""


def litdata(split, tokens, lengths):
    from litdata import StreamingDataset, TokensLoader

    data = StreamingDataset(str(out / split), item_loader=TokensLoader(block_size=T), shuffle=False)
    windows("blocks", [np.asarray(data[i]) for i in range(len(data))], tokens, T)


def llmc(split, tokens, lengths):
    """As llm.c's dataloader: a header of 256 numbers says kind and count."""
    kinds = {20240520: (1, np.uint16), 20240801: (7, np.uint32)}
    parts = []
    for path in sorted(glob.glob(str(out / f"{split}_*.bin"))):
        head = np.fromfile(path, np.int32, 256)
        version, width = kinds[int(head[0])]
        assert head[1] == version
        parts.append(np.fromfile(path, width, offset=1024))
        assert len(parts[-1]) == head[2]
    same("tokens", np.concatenate(parts), tokens)


def parquet(split, tokens, lengths):
    import polars
    from datasets import load_dataset

    hold(load_dataset(str(out), split=split, cache_dir=str(expected / "cache")), tokens, lengths)
    hold(polars.read_parquet(str(out / f"data/{split}-*.parquet")).to_dict(as_series=False), tokens, lengths)


def datasets(split, tokens, lengths):
    from datasets import load_from_disk

    hold(load_from_disk(str(out))[split], tokens, lengths)


def hold(data, tokens, lengths):
    rows = data["input_ids"]
    if context > 0:
        return windows("rows", list(rows), tokens, context)
    assert len(rows) == len(lengths)
    for i, (row, document) in enumerate(zip(rows, cut(tokens, lengths))):
        same(f"row {i}", row, document)
    assert all(data["source"])


for split, parts in manifest["splits"].items():
    tokens = np.fromfile(expected / f"{split}.tokens.u32", np.uint32)
    lengths = np.fromfile(expected / f"{split}.lengths.u32", np.uint32).astype(np.int64)
    assert sum(part["documents"] for part in parts) == len(lengths)
    globals()[to](split, tokens.astype(np.int64), lengths)
    print(f"{to} {dtype} {split}: {len(lengths)} documents, {len(tokens)} tokens equal")
