"""Peer of arrow.ts: python tests/bench/shards/arrow.py ROUNDS DOCUMENTS_DIR TOKENS_DIR prints JSON.

Writes the rows of the folders' files again, from Python strings and from numpy, in batches of the same rows, with an fsync for
each file; reads the files back, through memory (as arrow.ts does) and mapped. One thread; no checksum is taken anywhere.
"""
import glob, json, os, sys, time
import pyarrow as pa
import pyarrow.compute as pc

pa.set_cpu_count(1)
pa.set_io_thread_count(1)
rounds, documents, tokens = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def best(size, work):
    seconds = float("inf")
    for _ in range(rounds):
        before = time.process_time()
        work()
        seconds = min(seconds, time.process_time() - before)
    return {"bytes": size, "seconds": seconds}


def batches(path, opened=pa.OSFile):
    with opened(path) as source, pa.ipc.open_file(source) as reader:
        for i in range(reader.num_record_batches):
            yield reader.get_batch(i)


def write(dir, files, schema, make):
    for number, rows in enumerate(files):
        path = os.path.join(dir, f"peer-{number}.tmp")
        with open(path, "wb") as file:
            with pa.ipc.new_file(file, schema) as writer:
                for row in rows:
                    writer.write_batch(make(row))
            file.flush()
            os.fsync(file.fileno())
        os.unlink(path)


def summed(files, opened):
    for path in files:
        for batch in batches(path, opened):
            for column in batch.columns:
                pc.sum(pc.binary_length(column) if pa.types.is_string(column.type) else column)


def measure(dir, names, make, prepare):
    files = sorted(glob.glob(os.path.join(dir, "*.arrow")))
    size = sum(os.path.getsize(path) for path in files)
    schema = next(batches(files[0])).schema
    rows = [[prepare(batch) for batch in batches(path)] for path in files]
    made = {names[0]: best(size, lambda: write(dir, rows, schema, lambda row: make(row, schema)))}
    del rows
    made[names[1]] = best(size, lambda: summed(files, pa.OSFile))
    made[names[1] + ", mapped"] = best(size, lambda: summed(files, pa.memory_map))
    return made


def of_strings(columns, schema):
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def of_numbers(columns, schema):
    return pa.RecordBatch.from_arrays([pa.array(values) for values in columns], schema=schema)


strings = lambda batch: [c.to_pylist() if pa.types.is_string(c.type) else c.to_numpy() for c in batch.columns]
numbers = lambda batch: [c.to_numpy() for c in batch.columns]
print(json.dumps({
    **measure(documents, ["write documents", "read values of documents"], of_strings, strings),
    **measure(tokens, ["write tokens", "read tokens"], of_numbers, numbers),
}))
