"""The same arithmetic by numpy and scipy, on one thread: reads the sizes as JSON on stdin, answers with CPU seconds (the least of some runs)."""
import json
import sys
import time

import numpy as np
import scipy
import scipy.linalg.lapack as lapack
import scipy.sparse as sparse

REPEATS = 5


def least(work):
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


sizes = json.load(sys.stdin)
random = np.random.default_rng(1)

order = sizes["order"]
square = random.standard_normal((order, order), dtype=np.float32)
matrix = np.asfortranarray(square @ square.T + order * np.eye(order, dtype=np.float32))
right = np.asfortranarray(random.standard_normal((order, sizes["columns"]), dtype=np.float32))
factor, failed = lapack.spotrf(matrix, lower=1)
assert failed == 0

tall = random.standard_normal((sizes["rows"], sizes["width"]), dtype=np.float32)
turn = random.standard_normal((sizes["width"], sizes["width"]), dtype=np.float32)

# Row t of X is the decayed history before event t; user after user, each with equally many events.
users, length, items, window = sizes["users"], sizes["length"], sizes["items"], sizes["window"]
events = (items ** random.random(users * length)).astype(np.int64) - 1
places = np.arange(users * length)
rows, columns, values = [], [], []
for k in range(window):
    # An example has an event k + 1 places before it.
    at = places[places % length > k]
    rows.append(at)
    columns.append(events[at - 1 - k])
    values.append(np.full(len(at), np.exp(-k / 8), np.float32))
X = sparse.csr_matrix(
    (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (users * length, items), dtype=np.float32
)
XT = X.T.tocsr()
z = random.standard_normal((items, 16), dtype=np.float32)

left, top = random.standard_normal((2, 2000, 2000), dtype=np.float32)

print(
    json.dumps(
        {
            "versions": f"numpy {np.__version__}, scipy {scipy.__version__}",
            "factor": least(lambda: lapack.spotrf(matrix, lower=1)),
            "solve": least(lambda: lapack.spotrs(factor, right, lower=1)),
            "gram": least(lambda: tall.T @ tall),
            "turn": least(lambda: tall @ turn),
            "product": least(lambda: left @ top),
            "walk": least(lambda: XT @ (X @ z)),
        }
    )
)
