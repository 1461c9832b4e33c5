"""The trainer's model and optimizers once more, in plain PyTorch: what make.py and parity.py hold the trainer against."""
import json
import math
import pathlib
import struct

import torch

EPS, ROPE = 1e-6, 10_000.0
MOMENTUM = 0.95


class Config:
    """Shapes and switches; `from_trainer` reads them from a checkpoint's state.json."""

    def __init__(self, vocab, depth, width, heads, key_heads, head_size, hidden, context, *, qk_norm=True, tied=True,
                 relu2=False, softcap=0.0, values=False, scalars=False, z_loss=0.0):
        self.__dict__.update({k: v for k, v in locals().items() if k != "self"})

    @staticmethod
    def from_trainer(c):
        return Config(c["vocabSize"], c["layers"], c["width"], c["heads"], c["keyHeads"], c["headSize"], c["hidden"],
                      c["context"], qk_norm=c["architecture"] == "qwen3", tied=c["tied"])

    def shapes(self):
        """Name → (shape, optimizer group)."""
        c, hs = self, self.head_size
        out = {"model.embed_tokens.weight": ((c.vocab, c.width), "embedding"), "model.norm.weight": ((c.width,), "norm")}
        if not c.tied:
            out["lm_head.weight"] = ((c.vocab, c.width), "head")
        if c.values:
            out["model.value_embeddings.weight"] = ((c.vocab, c.key_heads * hs), "embedding")
        for l in range(c.depth):
            p = f"model.layers.{l}."
            matrices = {
                "self_attn.q_proj": (c.heads * hs, c.width),
                "self_attn.k_proj": (c.key_heads * hs, c.width),
                "self_attn.v_proj": (c.key_heads * hs, c.width),
                "self_attn.o_proj": (c.width, c.heads * hs),
                **({} if c.relu2 else {"mlp.gate_proj": (c.hidden, c.width)}),
                "mlp.up_proj": (c.hidden, c.width),
                "mlp.down_proj": (c.width, c.hidden),
            }
            norms = {"input_layernorm": c.width, "post_attention_layernorm": c.width}
            norms |= {"self_attn.q_norm": hs, "self_attn.k_norm": hs} if c.qk_norm else {}
            out |= {f"{p}{name}.weight": (shape, "matrix") for name, shape in matrices.items()}
            out |= {f"{p}{name}.weight": ((size,), "norm") for name, size in norms.items()}
            if c.scalars:
                out[f"{p}residual_mix"] = ((4,), "scalar")
        return out


def rms_norm(x, weight):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPS) * weight


def rotate(x):
    """[rows, T, heads, HS], rotating halves."""
    half, T = x.shape[-1] // 2, x.shape[1]
    rates = ROPE ** (-2 * torch.arange(half, dtype=torch.float64) / x.shape[-1])
    angle = torch.arange(T, dtype=torch.float64)[:, None] * rates
    cos, sin = angle.cos().to(x.dtype)[:, None, :], angle.sin().to(x.dtype)[:, None, :]
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def forward(c, p, tokens, targets, starts=None):
    """Logits [N, V] before the cap, and the mean loss over targets ≥ 0. tokens, targets, starts: [rows, T]."""
    rows, T = tokens.shape
    position = torch.arange(T)
    sees = (position[None, :] <= position[:, None])[None].expand(rows, T, T)
    if starts is not None:
        sees = sees & (position[None, None, :] >= starts[:, :, None])
    x = x0 = p["model.embed_tokens.weight"][tokens]
    for l in range(c.depth):
        w = lambda name: p[f"model.layers.{l}.{name}"]
        if c.scalars:
            x = w("residual_mix")[0] * x + w("residual_mix")[1] * x0
        h = rms_norm(x, w("input_layernorm.weight"))
        heads = lambda name, count: (h @ w(f"self_attn.{name}_proj.weight").T).view(rows, T, count, c.head_size)
        q, k, v = heads("q", c.heads), heads("k", c.key_heads), heads("v", c.key_heads)
        if c.values and (c.depth - 1 - l) % 2 == 0:
            v = v + p["model.value_embeddings.weight"][tokens].view_as(v)
        if c.qk_norm:
            q, k = rms_norm(q, w("self_attn.q_norm.weight")), rms_norm(k, w("self_attn.k_norm.weight"))
        q, k = rotate(q), rotate(k)
        k, v = (t.repeat_interleave(c.heads // c.key_heads, 2) for t in (k, v))
        scores = torch.einsum("bthd,buhd->bhtu", q, k) / math.sqrt(c.head_size)
        attention = scores.masked_fill(~sees[:, None], -torch.inf).softmax(-1)
        attended = torch.einsum("bhtu,buhd->bthd", attention, v).reshape(rows, T, -1)
        x = x + attended @ w("self_attn.o_proj.weight").T
        h = rms_norm(x, w("post_attention_layernorm.weight"))
        up = h @ w("mlp.up_proj.weight").T
        active = up.relu().square() if c.relu2 else torch.nn.functional.silu(h @ w("mlp.gate_proj.weight").T) * up
        x = x + active @ w("mlp.down_proj.weight").T
    table = p["model.embed_tokens.weight"] if c.tied else p["lm_head.weight"]
    logits = (rms_norm(x, p["model.norm.weight"]) @ table.T).view(-1, c.vocab)
    z = c.softcap * torch.tanh(logits / c.softcap) if c.softcap else logits
    lse = z.logsumexp(-1)
    counts = targets.reshape(-1) >= 0
    losses = lse - z.gather(1, targets.reshape(-1, 1).clamp(min=0))[:, 0] + c.z_loss * lse.square()
    return logits, losses[counts].mean()


def orthogonalise(g):
    """Five Newton–Schulz steps of Muon."""
    a, b, c = 3.4445, -4.775, 2.0315
    x = g / (g.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Optimizer:
    """AdamW; with `muon` Muon on the matrices. Norms and scalars do not decay; one clip over the global norm."""

    def __init__(self, c, parameters, *, muon, muon_ratio, beta1, beta2, eps, decay, clip):
        self.__dict__.update({k: v for k, v in locals().items() if k not in ("self", "c")})
        self.groups = {name: group for name, (_, group) in c.shapes().items()}
        self.m = {name: torch.zeros_like(value) for name, value in parameters.items()}
        self.v = {name: torch.zeros_like(value) for name, value in parameters.items()}
        self.t = 0

    @torch.no_grad()
    def step(self, grads, lr):
        self.t += 1
        norm = torch.sqrt(sum(g.square().sum() for g in grads.values())).item()
        factor = min(1.0, self.clip / (norm + 1e-6))
        for name, value in self.parameters.items():
            g, m, v = grads[name] * factor, self.m[name], self.v[name]
            decay = 0.0 if self.groups[name] in ("norm", "scalar") else self.decay
            if self.muon and self.groups[name] == "matrix":
                m.mul_(MOMENTUM).add_(g)
                rate = lr * self.muon_ratio
                update = math.sqrt(max(1.0, g.shape[0] / g.shape[1])) * orthogonalise(g + MOMENTUM * m)
            else:
                m.mul_(self.beta1).add_(g, alpha=1 - self.beta1)
                v.mul_(self.beta2).add_(g.square(), alpha=1 - self.beta2)
                rate = lr
                update = (m / (1 - self.beta1**self.t)) / ((v / (1 - self.beta2**self.t)).sqrt() + self.eps)
            value.mul_(1 - rate * decay).sub_(rate * update)
        return norm


def save(path, tensors):
    """safetensors, f32."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        values = tensor.detach().float().contiguous().flatten().tolist()
        part = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def load(path):
    """safetensors of f32 → name → tensor."""
    raw = bytearray(pathlib.Path(path).read_bytes())
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    body = memoryview(raw)[8 + size :]
    return {
        name: torch.frombuffer(body[slice(*entry["data_offsets"])], dtype=torch.float32).reshape(entry["shape"]).clone()
        for name, entry in header.items()
        if name != "__metadata__"
    }
