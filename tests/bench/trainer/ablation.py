"""Recomputes the table of `vua ablate` from its ablation.json: python3 ablation.py ablation.json"""
import json, math, sys

found = json.load(open(sys.argv[1]))
test = [one for one in found["documents"] if one["set"] == "test"]
total, base = sum(one["bytes"] for one in test), found["arms"][found["baseline"]]["runs"]
places = {}
for i, one in enumerate(test): places.setdefault(one["source"], []).append(i)
for name, arm in found["arms"].items():
    bits = [sum(run["nats"]["test"]) / math.log(2) / total for run in arm["runs"]]
    line = [name, f"{sum(bits) / len(bits):.4f}"]
    if name != found["baseline"]:
        own, state, draws = {run["seed"]: run["nats"]["test"] for run in arm["runs"]}, 1, []
        seeds = [[a - b for a, b in zip(own[run["seed"]], run["nats"]["test"])] for run in base]
        def pick(n):
            global state
            state = (state * 1664525 + 1013904223) % 2**32
            return state * n >> 32
        for _ in range(found["draws"]):
            chosen = [seeds[pick(len(seeds))] for _ in seeds]
            drawn = [members[pick(len(members))] for members in places.values() for _ in members]
            nats, every = (sum(seed[i] for i in drawn for seed in some) for some in (chosen, seeds))
            size = len(seeds) * math.log(2) * sum(test[i]["bytes"] for i in drawn)
            draws.append((every + found["seedFactor"] * (nats - every)) / size)
        mean = sum(draws) / len(draws)
        error = math.sqrt(sum((one - mean) ** 2 for one in draws) / (len(draws) - 1))
        delta = sum(map(sum, seeds)) / (len(seeds) * math.log(2) * total)
        line += [f"{delta:+.4f}", f"{error:.4f}", f"{delta - 1.96 * error:+.4f}", f"{delta + 1.96 * error:+.4f}", f"{2.8 * error:.4f}"]
    print("\t".join(line))
