"""Golden tensors for tests/trainer/golden.test.ts: the trainer's model and optimizers once more, in plain PyTorch (f64).

    python tests/golden/make.py          writes qwen3.safetensors and experimental.safetensors beside this file

qwen3:        logits, loss and every gradient of one batch with document masks and ignored targets; parameters and losses
              of 10 AdamW and of 10 Muon steps.
experimental: logits, loss and every gradient with no QK-norm, untied head, ReLU², softcap, value embeddings, residual
              scalars and z-loss.
Tensor names: init.NAME, grad.NAME, adamw.NAME, muon.NAME under the trainer's parameter names; batch.tokens, … [steps, N].
"""
import json
import math
import pathlib
import struct

import torch

VOCAB, PADDED, DEPTH, WIDTH, CONTEXT, ROWS, STEPS = 61, 64, 2, 32, 16, 3, 10
HEAD_SIZE, HEADS, KEY_HEADS, EPS, ROPE = 16, 2, 1, 1e-6, 10_000.0
LR, MUON_RATIO, BETA1, BETA2, ADAM_EPS, DECAY, CLIP = 0.01, 0.7, 0.9, 0.95, 1e-8, 0.1, 1.0


class Config:
    def __init__(self, experimental):
        self.qk_norm = not experimental
        self.tied = not experimental
        self.relu2 = experimental
        self.softcap = 3.0 if experimental else 0.0
        self.values = experimental
        self.scalars = experimental
        self.z_loss = 0.01 if experimental else 0.0
        self.hidden = 4 * WIDTH if experimental else math.ceil(WIDTH * 8 / 3 / 32) * 32


def shapes(c):
    """Name → (shape, group), in no particular order."""
    out = {"model.embed_tokens.weight": ((VOCAB, WIDTH), "embedding"), "model.norm.weight": ((WIDTH,), "norm")}
    if not c.tied:
        out["lm_head.weight"] = ((VOCAB, WIDTH), "head")
    if c.values:
        out["model.value_embeddings.weight"] = ((VOCAB, KEY_HEADS * HEAD_SIZE), "embedding")
    for l in range(DEPTH):
        p = f"model.layers.{l}."
        for name, shape in {
            "self_attn.q_proj": (HEADS * HEAD_SIZE, WIDTH),
            "self_attn.k_proj": (KEY_HEADS * HEAD_SIZE, WIDTH),
            "self_attn.v_proj": (KEY_HEADS * HEAD_SIZE, WIDTH),
            "self_attn.o_proj": (WIDTH, HEADS * HEAD_SIZE),
            **({} if c.relu2 else {"mlp.gate_proj": (c.hidden, WIDTH)}),
            "mlp.up_proj": (c.hidden, WIDTH),
            "mlp.down_proj": (WIDTH, c.hidden),
        }.items():
            out[f"{p}{name}.weight"] = (shape, "matrix")
        norms = {"input_layernorm": WIDTH, "post_attention_layernorm": WIDTH}
        if c.qk_norm:
            norms |= {"self_attn.q_norm": HEAD_SIZE, "self_attn.k_norm": HEAD_SIZE}
        for name, size in norms.items():
            out[f"{p}{name}.weight"] = ((size,), "norm")
        if c.scalars:
            out[f"{p}residual_mix"] = ((4,), "scalar")
    return out


def initial(c, generator):
    """Nothing starts at zero here, so that every gradient says something."""
    values = {}
    for name, (shape, group) in shapes(c).items():
        noise = torch.randn(shape, generator=generator, dtype=torch.float64)
        value = 1 + 0.1 * noise if group == "norm" else noise * (shape[-1] ** -0.5 if group == "matrix" else 0.3)
        if group == "scalar":
            value = torch.tensor([0.9, 0.2, 0.0, 0.0], dtype=torch.float64) + 0.1 * noise * torch.tensor([1, 1, 0, 0])
        values[name] = value.float().double()  # what the trainer gets is exactly this
    return values


def rms_norm(x, weight):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPS) * weight


def rotate(x):
    """[rows, T, heads, HS], rotating halves."""
    half = HEAD_SIZE // 2
    angle = torch.arange(CONTEXT, dtype=torch.float64)[:, None] * ROPE ** (-2 * torch.arange(half, dtype=torch.float64) / HEAD_SIZE)
    cos, sin = angle.cos()[:, None, :], angle.sin()[:, None, :]
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def forward(c, p, tokens, targets, starts):
    """Logits [N, V] (before the cap) and mean loss over the targets that count. tokens, targets, starts: [ROWS, T]."""
    position = torch.arange(CONTEXT)
    sees = (position[None, None, :] <= position[None, :, None]) & (position[None, None, :] >= starts[:, :, None])
    x = x0 = p["model.embed_tokens.weight"][tokens]
    for l in range(DEPTH):
        w = lambda name: p[f"model.layers.{l}.{name}"]
        if c.scalars:
            x = w("residual_mix")[0] * x + w("residual_mix")[1] * x0
        h = rms_norm(x, w("input_layernorm.weight"))
        heads = lambda name, count: (h @ w(f"self_attn.{name}_proj.weight").T).view(ROWS, CONTEXT, count, HEAD_SIZE)
        q, k, v = heads("q", HEADS), heads("k", KEY_HEADS), heads("v", KEY_HEADS)
        if c.values and (DEPTH - 1 - l) % 2 == 0:
            v = v + p["model.value_embeddings.weight"][tokens].view_as(v)
        if c.qk_norm:
            q, k = rms_norm(q, w("self_attn.q_norm.weight")), rms_norm(k, w("self_attn.k_norm.weight"))
        q, k = rotate(q), rotate(k)
        k, v = (t.repeat_interleave(HEADS // KEY_HEADS, 2) for t in (k, v))
        scores = torch.einsum("bthd,buhd->bhtu", q, k) / math.sqrt(HEAD_SIZE)
        attention = scores.masked_fill(~sees[:, None], -torch.inf).softmax(-1)
        x = x + torch.einsum("bhtu,buhd->bthd", attention, v).reshape(ROWS, CONTEXT, -1) @ w("self_attn.o_proj.weight").T
        h = rms_norm(x, w("post_attention_layernorm.weight"))
        up = h @ w("mlp.up_proj.weight").T
        active = up.relu().square() if c.relu2 else torch.nn.functional.silu(h @ w("mlp.gate_proj.weight").T) * up
        x = x + active @ w("mlp.down_proj.weight").T
    table = p["model.embed_tokens.weight"] if c.tied else p["lm_head.weight"]
    logits = (rms_norm(x, p["model.norm.weight"]) @ table.T).view(-1, VOCAB)
    z = c.softcap * torch.tanh(logits / c.softcap) if c.softcap else logits
    lse = z.logsumexp(-1)
    counts = targets.view(-1) >= 0
    losses = lse - z.gather(1, targets.view(-1, 1).clamp(min=0))[:, 0] + c.z_loss * lse.square()
    return logits, losses[counts].mean()


def orthogonalise(g):
    a, b, c = 3.4445, -4.775, 2.0315
    x = g / (g.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


def train(c, start, batch, muon):
    """Parameters and losses of STEPS steps."""
    p = {name: value.clone().requires_grad_() for name, value in start.items()}
    groups = {name: group for name, (_, group) in shapes(c).items()}
    m = {name: torch.zeros_like(value) for name, value in start.items()}
    v = {name: torch.zeros_like(value) for name, value in start.items()}
    losses = []
    for t in range(1, STEPS + 1):
        _, loss = forward(c, p, *(one[t - 1] for one in batch))
        losses.append(loss.item())
        grads = dict(zip(p, torch.autograd.grad(loss, list(p.values()))))
        norm = torch.sqrt(sum(g.square().sum() for g in grads.values()))
        clip = min(1.0, CLIP / (norm.item() + 1e-6))
        with torch.no_grad():
            for name, value in p.items():
                g = grads[name] * clip
                decay = 0.0 if groups[name] in ("norm", "scalar") else DECAY
                if muon and groups[name] == "matrix":
                    m[name] = 0.95 * m[name] + g
                    rate = LR * MUON_RATIO
                    step = rate * math.sqrt(max(1.0, g.shape[0] / g.shape[1])) * orthogonalise(g + 0.95 * m[name])
                else:
                    m[name] = BETA1 * m[name] + (1 - BETA1) * g
                    v[name] = BETA2 * v[name] + (1 - BETA2) * g.square()
                    rate = LR
                    step = LR * (m[name] / (1 - BETA1**t)) / ((v[name] / (1 - BETA2**t)).sqrt() + ADAM_EPS)
                value.mul_(1 - rate * decay).sub_(step)
    return {name: value.detach() for name, value in p.items()}, torch.tensor(losses)


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
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size} bytes")


def main():
    here = pathlib.Path(__file__).parent
    generator = torch.Generator().manual_seed(7)
    integers = lambda high: torch.randint(0, high, (STEPS, ROWS, CONTEXT), generator=generator)
    tokens, targets = integers(VOCAB), integers(VOCAB)
    targets[:, :, 5] = -1
    starts = torch.zeros(STEPS, ROWS, CONTEXT, dtype=torch.long)
    starts[:, 1, 6:] = 6
    starts[:, 1, 11:] = 11
    batch = (tokens, targets, starts)
    named = {f"batch.{name}": tensor.double() for name, tensor in zip(("tokens", "targets", "starts"), batch)}
    for kind in ("qwen3", "experimental"):
        c = Config(kind == "experimental")
        start = initial(c, generator)
        p = {name: value.clone().requires_grad_() for name, value in start.items()}
        logits, loss = forward(c, p, *(one[0] for one in batch))
        grads = torch.autograd.grad(loss, list(p.values()))
        out = {f"init.{name}": value for name, value in start.items()}
        out |= {"logits": logits, "loss": loss[None]}
        out |= {f"grad.{name}": grad for name, grad in zip(p, grads)}
        out |= named if kind == "qwen3" else {name: tensor[:1] for name, tensor in named.items()}
        if kind == "qwen3":
            for optimizer in ("adamw", "muon"):
                after, losses = train(c, start, batch, optimizer == "muon")
                out |= {f"{optimizer}.{name}": value for name, value in after.items()}
                out[f"{optimizer}.losses"] = losses
        save(here / f"{kind}.safetensors", out)


main()
