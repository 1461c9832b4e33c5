"""A checkpoint of `vua train` goes on in plain PyTorch, and back: needs torch alone, f32 on any device.

    from pytorch import Run
    run = Run("model/step-000240")                # weights, moments and counters
    loss = run.step(tokens, targets, rate)        # [rows, T] ids; targets < 0 do not count
    run.save("model/step-000241")                 # `vua train --resume` goes on from there

Model (Qwen3, or Llama without QK-norm), AdamW and Muon are the trainer's: losses of the next steps are equal to 1e-6.

usage: pytorch.py CHECKPOINT BATCHES.json [OUT]   trains on [{"tokens": [[…]], "targets": [[…]], "rate": r}, …], prints losses
"""
import ctypes
import json
import math
import pathlib
import shutil
import struct
import sys

import torch
import torch.nn.functional as F

class Run:
    def __init__(self, folder, device="cpu"):
        self.folder = pathlib.Path(folder)
        self.state = json.loads((self.folder / "state.json").read_text())
        self.config, self.options = self.state["config"], self.state["options"]
        for name, plain in {"activation": "swiglu", "softcap": 0, "valueEmbeddings": False, "residualScalars": False}.items():
            if self.config.get(name, plain) != plain:
                raise SystemExit(f"{folder}: trained with {name} = {self.config[name]}, which is not written here")
        for name, plain in {"ema": 0, "momentumWarmup": 0, "momentumCooldown": 0, "cautiousDecay": "false", "decaySchedule": "constant"}.items():
            if self.options.get(name, plain) != plain:
                raise SystemExit(f"{folder}: trained with {name} = {self.options[name]}, which is not written here")
        self.weights = {n: v.to(device).requires_grad_() for n, v in load(self.folder / "model.safetensors").items()}
        moments = {n: v.to(device) for n, v in load(self.folder / "optimizer.safetensors").items()}
        self.m = {n: moments[f"m.{n}"] for n in self.weights}
        self.v = {n: moments[f"v.{n}"] for n in self.weights if f"v.{n}" in moments}
        self.count = self.state["step"]
        # Steps that were skipped do not count: the optimizer's own counter is the power of its beta.
        self.powers = self.state["optimizer"][6:8]

    def loss(self, tokens, targets):
        logits = forward(self.config, self.weights, tokens)
        loss = F.cross_entropy(logits, targets.masked_fill(targets < 0, -100).flatten())
        z = float(self.options.get("zLoss", 0))
        return loss + z * logits.logsumexp(-1)[targets.flatten() >= 0].square().mean() if z else loss

    def step(self, tokens, targets, rate):
        """One optimizer step; a step of several micro-batches has the mean of their gradients."""
        loss = self.loss(tokens, targets)
        grads = dict(zip(self.weights, torch.autograd.grad(loss, list(self.weights.values()))))
        self.update(grads, rate)
        return loss.item()

    @torch.no_grad()
    def update(self, grads, rate):
        o = self.options
        b1, b2, momentum = o["beta1"], o["beta2"], o.get("momentum", 0.95)
        self.powers = [self.powers[0] * b1, self.powers[1] * b2]
        norm = math.sqrt(sum(g.double().square().sum().item() for g in grads.values()))
        factor = min(1.0, o["clip"] / (norm + 1e-6))
        for name, value in self.weights.items():
            g, m = grads[name] * factor, self.m[name]
            decay = o["weightDecay"] if value.ndim == 2 else 0.0
            if name not in self.v:  # Muon's matrices have no second moment
                m.mul_(momentum).add_(g)
                own = rate * o["muonRatio"]
                move = math.sqrt(max(1.0, g.shape[0] / g.shape[1])) * orthogonalised(g + momentum * m)
            else:
                v = self.v[name]
                m.mul_(b1).add_(g, alpha=1 - b1)
                v.mul_(b2).add_(g.square(), alpha=1 - b2)
                own = rate
                move = (m / (1 - self.powers[0])) / ((v / (1 - self.powers[1])).sqrt() + o["eps"])
            value.mul_(1 - own * decay).sub_(own * move)
        self.count += 1

    def save(self, folder, rows=0):
        """`rows` of the run's own order were trained on since: it goes on behind them."""
        folder = pathlib.Path(folder)
        partial = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        save(partial / "model.safetensors", self.weights)
        moments = [(f"m.{n}", v) for n, v in self.m.items()] + [(f"v.{n}", v) for n, v in self.v.items()]
        save(partial / "optimizer.safetensors", dict(moments))
        counters = self.state["optimizer"][:6] + self.powers
        loader = {**self.state["loader"], "position": self.state["loader"]["position"] + rows}
        without = ("files", "heldOutBitsPerByte", "heldOutText")  # of what it was
        state = {k: v for k, v in self.state.items() if k not in without}
        state |= {"step": self.count, "optimizer": counters, "loader": loader}
        (partial / "state.json").write_text(json.dumps(state, indent=2))
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(self.folder / name, partial / name)
        partial.rename(folder)


def forward(c, w, tokens):
    """Logits [rows · T, V]."""
    rows, T = tokens.shape
    hs, heads, keys, eps = c["headSize"], c["heads"], c["keyHeads"], c["eps"]
    norm = lambda x, weight: x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * weight
    rates = c["ropeBase"] ** (-2 * torch.arange(hs // 2, dtype=torch.float64) / hs)
    angle = torch.arange(T, dtype=torch.float64)[:, None] * rates
    cos, sin = (t.float().to(tokens.device)[:, None, :] for t in (angle.cos(), angle.sin()))

    def rotate(x):  # halves, as Hugging Face
        a, b = x.chunk(2, -1)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    x = w["model.embed_tokens.weight"][tokens]
    for l in range(c["layers"]):
        p = lambda name: w[f"model.layers.{l}.{name}.weight"]
        h = norm(x, p("input_layernorm"))
        q, k, v = ((h @ p(f"self_attn.{n}_proj").T).view(rows, T, -1, hs) for n in "qkv")
        if c["architecture"] == "qwen3":
            q, k = norm(q, p("self_attn.q_norm")), norm(k, p("self_attn.k_norm"))
        k, v = (t.repeat_interleave(heads // keys, 2) for t in (rotate(k), v))
        q, k, v = (t.transpose(1, 2) for t in (rotate(q), k, v))
        seen = torch.ones(T, T, dtype=torch.bool, device=tokens.device).tril()
        scores = (q @ k.transpose(-1, -2) / math.sqrt(hs)).masked_fill(~seen, -torch.inf).softmax(-1)
        x = x + (scores @ v).transpose(1, 2).reshape(rows, T, -1) @ p("self_attn.o_proj").T
        h = norm(x, p("post_attention_layernorm"))
        x = x + (F.silu(h @ p("mlp.gate_proj").T) * (h @ p("mlp.up_proj").T)) @ p("mlp.down_proj").T
    table = w["model.embed_tokens.weight" if c["tied"] else "lm_head.weight"]
    return (norm(x, w["model.norm.weight"]) @ table.T).view(rows * T, -1)


def orthogonalised(g):
    """Muon's five Newton–Schulz steps."""
    a, b, c = 3.4445, -4.775, 2.0315
    x = g / (g.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


def load(path):
    """safetensors of f32."""
    raw = bytearray(pathlib.Path(path).read_bytes())
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    body = memoryview(raw)[8 + size :]
    read = lambda e: torch.frombuffer(body[slice(*e["data_offsets"])], dtype=torch.float32).reshape(e["shape"]).clone()
    return {name: read(entry) for name, entry in header.items() if name != "__metadata__"}


def save(path, tensors):
    header, parts, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in tensors.items():
        whole = tensor.detach().float().cpu().contiguous()
        data = ctypes.string_at(whole.data_ptr(), whole.numel() * 4)
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(data)]}
        parts.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


if __name__ == "__main__":
    run = Run(sys.argv[1])
    rows = 0
    for batch in json.load(open(sys.argv[2])):
        tokens, targets = torch.tensor(batch["tokens"]), torch.tensor(batch["targets"])
        print(run.step(tokens, targets, batch["rate"]), flush=True)
        rows += len(tokens)
    if len(sys.argv) > 3:
        run.save(sys.argv[3], rows)
