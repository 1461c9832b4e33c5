"""The trainer's model, batch and AdamW once more in PyTorch: the peer of `vua bench --optimizer adamw`.

    python trainer/bench/pytorch.py '{"vocab": 8192, "layers": 2, "width": 128, "heads": 4, "keyHeads": 2,
        "headSize": 32, "hidden": 352, "context": 256, "rows": 2, "steps": 3}' [--compile] [--dtype bf16] [--matmul 1024]

Prints one JSON object. On a CPU time is CPU time of the process over its cores, as the trainer's bench counts there;
on a GPU it is wall time.
"""
import argparse
import json
import os
import time

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        q, kv = c["heads"] * c["headSize"], c["keyHeads"] * c["headSize"]
        self.norm1, self.norm2 = nn.RMSNorm(c["width"], 1e-6), nn.RMSNorm(c["width"], 1e-6)
        self.q_norm, self.k_norm = nn.RMSNorm(c["headSize"], 1e-6), nn.RMSNorm(c["headSize"], 1e-6)
        self.qkv = nn.Linear(c["width"], q + 2 * kv, bias=False)
        self.o = nn.Linear(q, c["width"], bias=False)
        self.gate_up = nn.Linear(c["width"], 2 * c["hidden"], bias=False)
        self.down = nn.Linear(c["hidden"], c["width"], bias=False)

    def forward(self, x, cos, sin):
        c = self.c
        b, t, _ = x.shape
        heads, key_heads, size = c["heads"], c["keyHeads"], c["headSize"]
        q, k, v = self.qkv(self.norm1(x)).split([heads * size, key_heads * size, key_heads * size], -1)
        q = rotate(self.q_norm(q.view(b, t, heads, size)), cos, sin).transpose(1, 2)
        k = rotate(self.k_norm(k.view(b, t, key_heads, size)), cos, sin).transpose(1, 2)
        v = v.view(b, t, key_heads, size).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        x = x + self.o(y.transpose(1, 2).reshape(b, t, heads * size))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).type_as(x)


class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embedding = nn.Embedding(c["vocab"], c["width"])
        self.blocks = nn.ModuleList(Block(c) for _ in range(c["layers"]))
        self.norm = nn.RMSNorm(c["width"], 1e-6)
        half = c["headSize"] // 2
        angles = torch.outer(torch.arange(c["context"]), 10_000.0 ** (-torch.arange(half) / half))
        self.register_buffer("cos", angles.cos()[:, None, :])
        self.register_buffer("sin", angles.sin()[:, None, :])

    def forward(self, tokens, targets):
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        logits = F.linear(self.norm(x), self.embedding.weight)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=json.loads)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--matmul", type=int, default=0, help="also the rate of a square product")
    options = parser.parse_args()
    c = options.model
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(1)
    model = Model(c).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4, (0.9, 0.95), 1e-8, 0.1, fused=True)
    step = torch.compile(model) if options.compile else model
    tokens = torch.randint(c["vocab"], (c["rows"], c["context"]), device=device)

    def train():
        with torch.autocast(device, torch.bfloat16, enabled=options.dtype == "bf16"):
            loss = step(tokens, tokens)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    cores = len(os.sched_getaffinity(0))

    def timed(work, times):
        best = float("inf")
        for _ in range(times):
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            if device == "cuda":
                torch.cuda.synchronize()
                best = min(best, time.perf_counter() - wall)
            else:
                best = min(best, (time.process_time() - cpu) / cores)
        return best

    for _ in range(3):
        train()
    if device == "cuda":
        # As the trainer's bench counts: submitted without a wait between them.
        torch.cuda.synchronize()
        wall = time.perf_counter()
        for _ in range(c["steps"]):
            train()
        torch.cuda.synchronize()
        seconds = (time.perf_counter() - wall) / c["steps"]
    else:
        # The best one: threads that spin while others work on the machine count as CPU time.
        seconds = timed(train, c["steps"])
    report = {
        "peer": f"PyTorch {torch.__version__} {'compile' if options.compile else 'eager'} {options.dtype}",
        "device": torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads",
        "ms": seconds * 1000,
        "tokensPerSecond": c["rows"] * c["context"] / seconds,
        "bytes": torch.cuda.max_memory_allocated() if device == "cuda" else None,
    }
    if options.matmul:
        n = options.matmul
        dtype = torch.bfloat16 if options.dtype == "bf16" else torch.float32
        a, b = torch.randn(n, n, device=device, dtype=dtype), torch.randn(n, n, device=device, dtype=dtype)
        repeats = max(1, int(2e9 / (2 * n**3))) if device == "cpu" else 20
        work = lambda: [a @ b for _ in range(repeats)]
        work()
        report["matmulGflops"] = repeats * 2 * n**3 / timed(work, 3) / 1e9
    print(json.dumps(report))


main()
