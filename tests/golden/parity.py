"""The same training run in PyTorch: `python parity.py DIR` reads what parity.ts left in DIR and writes torch.json.

DIR/run.json (config, optimizer, learning rate of each step, batch shape), init.safetensors, batches.u32
([steps, micro, 2, rows, T] little-endian tokens and targets). f32, eager, the same batches in the same order.
"""
import json
import pathlib
import sys
import time

import torch

from model import Config, Optimizer, forward, load


def main():
    folder = pathlib.Path(sys.argv[1])
    run = json.loads((folder / "run.json").read_text())
    c = Config.from_trainer(run["config"])
    p = {name: value[: c.shapes()[name][0][0]].requires_grad_() for name, value in load(folder / "init.safetensors").items()}
    o = run["optimizer"]
    optimizer = Optimizer(c, p, muon=o["matrices"] == "muon", muon_ratio=o["muonRatio"], beta1=o["beta1"], beta2=o["beta2"],
                          eps=o["eps"], decay=o["weightDecay"], clip=o["clip"])
    rows, T, micro, rates = run["rows"], c.context, run["accumulate"], run["rates"]
    raw = torch.frombuffer(bytearray((folder / "batches.u32").read_bytes()), dtype=torch.int32).long()
    batches = raw.view(len(rates), micro, 2, rows, T)
    losses, norms, started = [], [], time.time()
    for step, lr in enumerate(rates):
        total, grads = 0.0, {name: torch.zeros_like(value) for name, value in p.items()}
        for tokens, targets in batches[step]:
            _, loss = forward(c, p, tokens, targets)
            for name, grad in zip(p, torch.autograd.grad(loss / micro, list(p.values()))):
                grads[name] += grad
            total += loss.item() / micro
        losses.append(total)
        norms.append(optimizer.step(grads, lr))
        if step % 20 == 0:
            print(f"step {step + 1}/{len(rates)}  loss {total:.4f}  {time.time() - started:.0f} s", flush=True)
    (folder / "torch.json").write_text(json.dumps({"version": torch.__version__, "losses": losses, "gradNorms": norms}))


main()
