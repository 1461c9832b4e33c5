"""Peers of throughput.ts over the same shards: python tests/bench/loader/peers.py TOKENS_DIR

numpy: random rows out of memory-mapped u16 files, as nanoGPT's get_batch draws them (int64 for PyTorch), and as uint32.
Neither verifies a checksum. One thread, the best of 100 rounds of 64 batches of 64 rows of 1,024 tokens.
"""
import json, sys, time
import numpy as np

folder = sys.argv[1]
manifest = json.load(open(f"{folder}/manifest.json"))
shards = [
    [np.memmap(f"{folder}/{s['file']}", "uint16", "r", b["offset"], b["rows"]) for b in s["batches"]]
    for s in manifest["shards"]
]
batches = [b for shard in shards for b in shard]
T, ROWS, BATCHES = 1024, 64, 64
random = np.random.default_rng(1)


def rows(dtype):
    which = random.integers(len(batches), size=ROWS)
    at = random.integers(len(batches[0]) - T - 1, size=ROWS)
    x = np.stack([batches[w][i : i + T].astype(dtype) for w, i in zip(which, at)])
    y = np.stack([batches[w][i + 1 : i + 1 + T].astype(dtype) for w, i in zip(which, at)])
    return x, y


for dtype in ["int64", "uint32"]:
    best = float("inf")
    for _ in range(100):
        started = time.perf_counter()
        for _ in range(BATCHES):
            rows(dtype)
        best = min(best, time.perf_counter() - started)
    print(f"numpy memmap, random rows, {dtype}: {BATCHES * ROWS * T / best / 1e6:.0f} M tokens/s")
