"""Peers of cleaning that live in Python. One task per call, JSON in, JSON out; see data.ts."""
import base64
import json
import sys
import time


def extraction(pages):
    """[base64 of a page] -> text of each by trafilatura, in its usual and its fast mode, with processor seconds."""
    import trafilatura

    bodies = [base64.b64decode(page) for page in pages]
    result = {"version": trafilatura.__version__}
    trafilatura.extract(b"<html><body><p>text</p></body></html>")
    for mode in ("fast", "usual"):
        texts, started = [], time.process_time()
        for body in bodies:
            try:
                texts.append(trafilatura.extract(body, fast=mode == "fast", include_comments=False, include_tables=True))
            except Exception:
                texts.append(None)
        result[mode] = {"seconds": time.process_time() - started, "texts": [text or "" for text in texts]}
    return result


TASKS = {"extraction": extraction}

if __name__ == "__main__":
    json.dump(TASKS[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
