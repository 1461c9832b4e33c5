"""Token shards of `vua tokens` as rows for PyTorch and JAX. Needs numpy alone; files are mapped, not read.

    from iterate import Rows, batches
    data = torch.utils.data.DataLoader(Rows("out/tokens", 1024), batch_size=8, shuffle=True)
    for tokens, targets in data: ...                                # [8, 1024] int64 each

    for tokens, targets in batches(Rows("out/tokens", 1024), 8, seed=1):
        tokens, targets = jnp.asarray(tokens), jnp.asarray(targets)  # [8, 1024] int32 under JAX's defaults

A row is `length` tokens of the stream of all shards, its targets are the same one further. Documents begin with
`bosId` of manifest.json and follow one another. The layout of the files: FORMAT.md.

usage: iterate.py FOLDER LENGTH [numpy|torch|jax]   prints rows, the sum of their tokens and of their targets, as JSON
"""
import json
import pathlib
import sys

import numpy as np


class Rows:
    """What `torch.utils.data.DataLoader` takes: a length, and a pair of int64 arrays [length] by index."""

    def __init__(self, folder, length, split="train"):
        folder = pathlib.Path(folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        if manifest["format"] != "vua-tokens" or manifest["version"] not in (2, 3):
            raise SystemExit(f"{folder}: {manifest['format']} {manifest['version']}, expected vua-tokens 2 or 3")
        self.length = length
        self.parts = [
            np.memmap(folder / shard["file"], manifest["dtype"], "r", batch["offset"], batch["rows"])
            for shard in manifest["shards"] if shard["split"] == split
            for batch in shard["batches"]
        ]
        self.ends = np.cumsum([len(part) for part in self.parts])

    def __len__(self):
        return max(0, (int(self.ends[-1]) - 1) // self.length) if self.parts else 0

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(index)
        tokens = self.read(index * self.length, self.length + 1)
        return tokens[:-1], tokens[1:]

    def read(self, start, count):
        """Tokens of the stream, across record batches and shards."""
        out = np.empty(count, np.int64)
        done = 0
        part = int(np.searchsorted(self.ends, start, side="right"))
        while done < count:
            at = start + done - (int(self.ends[part]) - len(self.parts[part]))
            piece = self.parts[part][at:at + count - done]
            out[done:done + len(piece)] = piece
            done += len(piece)
            part += 1
        return out


def batches(rows, size, seed=0, epochs=1):
    """Each row once an epoch, in an order that follows from the seed; what does not fill a batch is left out."""
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(rows))
        for at in range(0, len(order) - size + 1, size):
            pairs = [rows[int(index)] for index in order[at:at + size]]
            yield np.stack([tokens for tokens, _ in pairs]), np.stack([targets for _, targets in pairs])


if __name__ == "__main__":
    _, folder, length, *library = sys.argv
    rows = Rows(folder, int(length))
    pairs = batches(rows, 1)
    if library == ["torch"]:
        import torch
        pairs = torch.utils.data.DataLoader(rows, batch_size=1, shuffle=True)
    elif library == ["jax"]:
        import jax.numpy as jnp
        pairs = ((jnp.asarray(tokens), jnp.asarray(targets)) for tokens, targets in pairs)
    sums = [(int(tokens.sum()), int(targets.sum())) for tokens, targets in pairs]
    print(json.dumps([len(sums), sum(s for s, _ in sums), sum(t for _, t in sums)]))
