"""The same ranking with scipy and numpy: peer.py FOLDER K. Prints microseconds of CPU a record, the least of some rounds, and writes `peer`.

Histories become one sparse matrix for each expert (users x items, the kernel's weights), times the expert's rows; the products are pooled
densely, 256 users at a time, and the best k found by argpartition and sorted. Arrays are f32 and reused where numpy lets us.
"""
import json
import sys
import time

import numpy as np
from scipy import sparse

ROUNDS = 3
BLOCK = 256

folder, k = sys.argv[1], int(sys.argv[2])
world = json.load(open(f'{folder}/world.json'))
n = world['itemCount']
read = lambda name, kind: np.fromfile(f'{folder}/{name}', kind)
offsets, events = read('offsets', np.uint32).astype(np.int64), read('events', np.int32)
users = len(offsets) - 1
rows, queries = [], []
for f, expert in enumerate(world['experts']):
    rows.append(sparse.csr_matrix((read(f'values{f}', np.float32), read(f'items{f}', np.int32), read(f'offsets{f}', np.int32)), (n, n)))
    kernel = read(f'kernel{f}', np.float32)
    newest = [events[max(offsets[u], offsets[u + 1] - len(kernel)):offsets[u + 1]][::-1] for u in range(users)]
    lengths = np.array([len(each) for each in newest])
    weights = np.concatenate([kernel[:length] for length in lengths])
    matrix = sparse.csr_matrix((weights, np.concatenate(newest), np.concatenate([[0], np.cumsum(lengths)])), (users, n))
    matrix.sum_duplicates()
    queries.append(matrix)

best = np.empty((users, k), np.int32)


def rank():
    for start in range(0, users, BLOCK):
        end = min(start + BLOCK, users)
        scores = np.zeros((end - start, n), np.float32)
        for expert, matrix, query in zip(world['experts'], rows, queries):
            shares = (query[start:end] @ matrix).toarray()
            np.maximum(shares, 0, out=shares)
            shares *= np.float32(1 / expert['scale'])
            shares += np.float32(world['epsilon'])
            np.log(shares, out=shares)
            shares *= np.float32(expert['weight'])
            scores += shares
        top = np.argpartition(scores, n - k, axis=1)[:, n - k:]
        order = np.argsort(-np.take_along_axis(scores, top, 1), axis=1, kind='stable')
        best[start:end] = np.take_along_axis(top, order, 1)


least = float('inf')
for _ in range(ROUNDS):
    start = time.process_time()
    rank()
    least = min(least, time.process_time() - start)
best.tofile(f'{folder}/peer')
print(json.dumps({'micros': least / users * 1e6, 'numpy': np.__version__}))
