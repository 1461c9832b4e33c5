"""Bits per byte of small models that differ in their tokenizer alone, at equal FLOPs.

    python bits-per-byte.py --flops 1e13 NAME=TOKEN_FOLDER ...        (torch, pyarrow; folders of `vua tokens`)

The model is the trainer's (RMSNorm, QK-norm, RoPE, SwiGLU, tied head), in torch, since a software adapter is too slow
for these runs. Every run sees the same documents in the same split, one token of context for one token, and as many
tokens as the FLOPs allow: 6 x (matrices + head) + attention for each. `--head-free` leaves the head out of the count,
as in a large model, where its share is small. Held-out nats are divided by the bytes of the raw held-out text.
"""
import argparse, glob, json, math, os, time
import numpy as np
import pyarrow as pa
import torch
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("runs", nargs="+")
parser.add_argument("--flops", type=float, default=1e13)
parser.add_argument("--depth", type=int, default=4)
parser.add_argument("--width", type=int, default=128)
parser.add_argument("--context", type=int, default=128)
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--rate", type=float, default=4e-3)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--head-free", action="store_true")
args = parser.parse_args()
torch.set_num_threads(args.threads)
C, T, B, L, HS = args.width, args.context, args.batch, args.depth, 32
HIDDEN = math.ceil(C * 8 / 3 / 32) * 32


def tokens_of(folder, split):
    files = sorted(glob.glob(os.path.join(folder, f"{split}-*.arrow")))
    tables = [pa.ipc.open_file(pa.memory_map(name)).read_all() for name in files]
    return np.concatenate([table.column(0).to_numpy() for table in tables]).astype(np.int64)


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        linear = lambda n, m: torch.nn.Linear(n, m, bias=False)
        self.norm1, self.norm2 = torch.nn.RMSNorm(C), torch.nn.RMSNorm(C)
        self.q, self.k, self.v, self.o = linear(C, C), linear(C, C // 2), linear(C, C // 2), linear(C, C)
        self.q_norm, self.k_norm = torch.nn.RMSNorm(HS), torch.nn.RMSNorm(HS)
        self.gate, self.up, self.down = linear(C, HIDDEN), linear(C, HIDDEN), linear(HIDDEN, C)

    def forward(self, x, cos, sin):
        b, t, _ = x.shape
        h = self.norm1(x)
        split = lambda y: y.view(b, t, -1, HS).transpose(1, 2)
        rotate = lambda y: y * cos + torch.cat((-y[..., HS // 2 :], y[..., : HS // 2]), -1) * sin
        q, k, v = rotate(self.q_norm(split(self.q(h)))), rotate(self.k_norm(split(self.k(h)))), split(self.v(h))
        k, v = k.repeat_interleave(2, 1), v.repeat_interleave(2, 1)
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(a.transpose(1, 2).reshape(b, t, C))
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Model(torch.nn.Module):
    def __init__(self, vocab):
        super().__init__()
        self.embed = torch.nn.Embedding(vocab, C)
        self.blocks = torch.nn.ModuleList(Block() for _ in range(L))
        self.norm = torch.nn.RMSNorm(C)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                torch.nn.init.normal_(p, std=0.02 if "embed" in name else p.shape[1] ** -0.5)
            if name.endswith(("o.weight", "down.weight")):
                torch.nn.init.zeros_(p)
        angles = torch.outer(torch.arange(T), 10000.0 ** (-torch.arange(0, HS, 2) / HS)).repeat(1, 2)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def forward(self, ids, targets, reduction="mean"):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, self.cos[: ids.shape[1]], self.sin[: ids.shape[1]])
        logits = F.linear(self.norm(x), self.embed.weight)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1), reduction=reduction)


def run(name, folder):
    manifest = json.load(open(os.path.join(folder, "manifest.json")))
    vocab, bos = manifest["vocabSize"], manifest["bosId"]
    train, valid = tokens_of(folder, "train"), tokens_of(folder, "valid")
    valid_bytes = sum(s["textBytes"] for s in manifest["shards"] if s["split"] == "valid")
    train_bytes = sum(s["textBytes"] for s in manifest["shards"] if s["split"] == "train")
    torch.manual_seed(args.seed)
    model = Model(vocab)
    matrices = sum(p.numel() for n, p in model.named_parameters() if p.dim() == 2 and "embed" not in n)
    per_token = 6 * (matrices + (0 if args.head_free else vocab * C)) + 6 * L * C * T
    steps = max(20, round(args.flops / per_token / (B * T)))
    groups = [
        {"params": [p for n, p in model.named_parameters() if "embed" in n], "lr": args.rate, "base": args.rate},
        {"params": [p for n, p in model.named_parameters() if "embed" not in n], "lr": args.rate, "base": args.rate},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), weight_decay=0.0)
    rows = (len(train) - 1) // T
    order = np.random.default_rng(args.seed).permutation(rows)
    started = time.time()
    for step in range(steps):
        done = step / steps
        rate = min(1, (step + 1) / 20) * (1 if done < 0.4 else max(0.02, (1 - done) / 0.6))
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * rate
        picked = [order[(step * B + i) % rows] * T for i in range(B)]
        batch = torch.from_numpy(np.stack([train[at : at + T + 1] for at in picked]))
        loss = model(batch[:, :-1], batch[:, 1:])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    seconds = time.time() - started
    nats = 0.0
    with torch.no_grad():
        for at in range(0, len(valid) - 1, T):
            piece = torch.from_numpy(valid[at : at + T + 1])[None]
            losses = model(piece[:, :-1], piece[:, 1:], "none")
            nats += losses[piece[0, 1:] != bos].double().sum().item()
    seen = steps * B * T
    return {
        "run": name,
        "vocabulary": vocab,
        "bytesPerToken": round(train_bytes / len(train), 3),
        "steps": steps,
        "tokens": seen,
        "textMB": round(seen * train_bytes / len(train) / 1e6, 2),
        "epochs": round(seen / len(train), 2),
        "mflopsPerToken": round(per_token / 1e6, 2),
        "bitsPerByte": round(nats / math.log(2) / valid_bytes, 4),
        "seconds": round(seconds),
    }


for argument in args.runs:
    name, folder = argument.split("=", 1)
    print(json.dumps(run(name, folder)), flush=True)
