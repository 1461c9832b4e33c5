"""Peer of parquet.ts: python tests/bench/shards/parquet.py ROUNDS DOCUMENTS_DIR PARQUET_DIR prints JSON, in seconds of CPU.

Reads the Arrow files and writes their rows as Parquet with snappy, without and with dictionaries, an fsync at the end; reads
the columns of the Parquet files of which vua makes pages, as Python strings. One thread.
"""
import glob, json, os, sys, time
import pyarrow as pa
import pyarrow.parquet as pq

pa.set_cpu_count(1)
pa.set_io_thread_count(1)
rounds, documents, parquet = int(sys.argv[1]), sys.argv[2], sys.argv[3]
COLUMNS = ["id", "url", "title", "text", "source", "licence"]


def best(work):
    seconds = float("inf")
    for _ in range(rounds):
        before = time.process_time()
        work()
        seconds = min(seconds, time.process_time() - before)
    return seconds


def write(dictionaries):
    for number, path in enumerate(sorted(glob.glob(os.path.join(documents, "documents-*.arrow")))):
        target = os.path.join(documents, f"peer-{number}.tmp")
        with pa.OSFile(path) as source, pa.ipc.open_file(source) as reader, open(target, "wb") as file:
            with pq.ParquetWriter(file, reader.schema, compression="snappy", use_dictionary=dictionaries) as writer:
                for i in range(reader.num_record_batches):
                    writer.write_batch(reader.get_batch(i))
            file.flush()
            os.fsync(file.fileno())
        os.unlink(target)


def read():
    for path in glob.glob(os.path.join(parquet, "*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(columns=COLUMNS, use_threads=False):
            for column in batch.columns:
                column.to_pylist()


print(json.dumps({"written": best(lambda: write(False)), "writtenByDefault": best(lambda: write(True)), "read": best(read)}))
