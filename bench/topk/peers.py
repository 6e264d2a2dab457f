"""The same queries by numpy, implicit and faiss, one thread each: CPU microseconds a query, the best of the repeats, as a line of JSON.

peers.py FOLDER ITEMS DIMENSION QUERIES K
"""
import json
import os
import sys
import time

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import faiss
import implicit.als
import numpy
import scipy.sparse

REPEATS = 3
folder = sys.argv[1]
items, dimension, queries, k = map(int, sys.argv[2:])
targets = numpy.fromfile(folder + "/items.f32", dtype=numpy.float32).reshape(items, dimension)
vectors = numpy.fromfile(folder + "/queries.f32", dtype=numpy.float32).reshape(-1, dimension)[:queries]
turned = numpy.ascontiguousarray(targets.T)


def by_numpy():
    scores = vectors @ turned
    best = numpy.argpartition(scores, -k, axis=1)[:, -k:] if k < items else numpy.tile(numpy.arange(items), (queries, 1))
    values = numpy.take_along_axis(scores, best, axis=1)
    return numpy.take_along_axis(best, numpy.argsort(-values, axis=1), axis=1)


model = implicit.als.AlternatingLeastSquares(factors=dimension, num_threads=1)
model.user_factors, model.item_factors = vectors, targets
nothing = scipy.sparse.csr_matrix((queries, items), dtype=numpy.float32)
index = faiss.IndexFlatIP(dimension)
index.add(targets)
faiss.omp_set_num_threads(1)
peers = {
    "numpy": by_numpy,
    "implicit": lambda: model.recommend(numpy.arange(queries), nothing, N=k, filter_already_liked_items=False),
    "faiss": lambda: index.search(vectors, k),
}
best = {}
for _ in range(REPEATS):
    for name, run in peers.items():
        start = time.process_time()
        run()
        micros = (time.process_time() - start) * 1e6 / queries
        best[name] = min(best.get(name, micros), micros)
print(json.dumps(best))
