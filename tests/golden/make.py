"""Golden tensors for trainer/proofs/golden.ts, from model.py in f64.

    python tests/golden/make.py          writes trainer/proofs/golden/{qwen3,experimental}.safetensors

qwen3:        logits, loss and every gradient of one batch with document masks and ignored targets; parameters and losses
              of 10 AdamW and of 10 Muon steps.
experimental: logits, loss and every gradient with no QK-norm, untied head, ReLU², softcap, value embeddings, residual
              scalars and z-loss.
Tensor names: init.NAME, grad.NAME, adamw.NAME, muon.NAME under the trainer's parameter names; batch.tokens, … [steps, N].
"""
import pathlib

import torch

from model import Config, Optimizer, forward, save

ROWS, CONTEXT, STEPS, LR = 3, 16, 10, 0.01
SIZES = dict(vocab=61, depth=2, width=32, heads=2, key_heads=1, head_size=16, context=CONTEXT)
CONFIGS = {
    "qwen3": Config(**SIZES, hidden=96),
    "experimental": Config(**SIZES, hidden=128, qk_norm=False, tied=False, relu2=True, softcap=3.0, values=True,
                           scalars=True, z_loss=0.01),
}


def initial(c, generator):
    """Nothing starts at zero here, so that every gradient says something."""
    values = {}
    for name, (shape, group) in c.shapes().items():
        noise = torch.randn(shape, generator=generator, dtype=torch.float64)
        value = 1 + 0.1 * noise if group == "norm" else noise * (shape[-1] ** -0.5 if group == "matrix" else 0.3)
        if group == "scalar":
            value = torch.tensor([0.9, 0.2, 0.0, 0.0], dtype=torch.float64) + 0.1 * noise * torch.tensor([1, 1, 0, 0])
        values[name] = value.float().double()  # what the trainer gets is exactly this
    return values


def train(c, start, batch, muon):
    """Parameters and losses after STEPS steps."""
    p = {name: value.clone().requires_grad_() for name, value in start.items()}
    optimizer = Optimizer(c, p, muon=muon, muon_ratio=0.7, beta1=0.9, beta2=0.95, eps=1e-8, decay=0.1, clip=1.0)
    losses = []
    for t in range(STEPS):
        _, loss = forward(c, p, *(one[t] for one in batch))
        losses.append(loss.item())
        optimizer.step(dict(zip(p, torch.autograd.grad(loss, list(p.values())))), LR)
    return p, torch.tensor(losses)


def main():
    generator = torch.Generator().manual_seed(7)
    integers = lambda high: torch.randint(0, high, (STEPS, ROWS, CONTEXT), generator=generator)
    tokens, targets = integers(SIZES["vocab"]), integers(SIZES["vocab"])
    targets[:, :, 5] = -1
    starts = torch.zeros(STEPS, ROWS, CONTEXT, dtype=torch.long)
    starts[:, 1, 6:] = 6
    starts[:, 1, 11:] = 11
    batch = (tokens, targets, starts)
    named = {f"batch.{name}": tensor for name, tensor in zip(("tokens", "targets", "starts"), batch)}
    for kind, c in CONFIGS.items():
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
        path = pathlib.Path(__file__).parents[2] / "trainer/proofs/golden" / f"{kind}.safetensors"
        save(path, out)
        print(f"{path.name}: {len(out)} tensors, {path.stat().st_size} bytes")


main()
