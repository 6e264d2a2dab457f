"""A peer on a split that peers.ts wrote: learns, ranks, writes QUESTION.lists (-1 where a list ends), and prints what it took as a line of JSON.

peers.py FOLDER als|bm25|sasrec MINUTES

Hyperparameters of als and bm25 are chosen from a grid by NDCG@10 of the last event of users that are learnt from, on fits without it; for each
question by its own rule on items of the input.
"""
import json
import logging
import os
import resource
import sys
import time

# As implicit asks for: its own threads do the work.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy
import scipy.sparse

LISTED = 100
JUDGES = 2000
folder, name, minutes = sys.argv[1], sys.argv[2], float(sys.argv[3])
with open(os.path.join(folder, "split.json")) as file:
    split = json.load(file)
items = split["itemCount"]


def lists(of):
    offsets = numpy.fromfile(os.path.join(folder, of + ".offsets"), dtype=numpy.uint32).astype(numpy.int64)
    return offsets, numpy.fromfile(os.path.join(folder, of + ".items"), dtype=numpy.int32)


def matrix(offsets, of):
    """Users by items: how often."""
    held = scipy.sparse.csr_matrix((numpy.ones(len(of), numpy.float32), of, offsets), shape=(len(offsets) - 1, items))
    held.sum_duplicates()
    return held


def without_last(offsets, of):
    """All but the last event of users with two and more, and those events."""
    lengths = numpy.diff(offsets)
    tested = numpy.flatnonzero(lengths >= 2)
    keep = numpy.ones(len(of), bool)
    keep[offsets[1:][tested] - 1] = False
    shorter = lengths.copy()
    shorter[tested] -= 1
    return numpy.concatenate([[0], numpy.cumsum(shorter)]), of[keep], tested, of[offsets[1:][tested] - 1]


def by_implicit():
    import warnings

    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import BM25Recommender
    from implicit.utils import ParameterWarning

    # Its own weighting hands its own fit a format that it converts, and says so each time.
    warnings.simplefilter("ignore", ParameterWarning)

    grids = {
        "als": [dict(factors=f, regularization=r, alpha=a, iterations=15) for f in (64, 128) for r in (0.01, 0.1) for a in (1, 10)],
        "bm25": [dict(K=k, K1=1.2, B=b) for k in (20, 100, 500) for b in (0.2, 0.75)],
    }

    def fit(settings, users):
        model = AlternatingLeastSquares(random_state=0, **settings) if name == "als" else BM25Recommender(**settings)
        model.fit(users, show_progress=False)
        return model

    def rank(model, users, without):
        more = dict(recalculate_user=True) if name == "als" else {}
        return model.recommend(numpy.arange(users.shape[0]), users, N=LISTED, filter_already_liked_items=without, **more)[0]

    train = lists("training")
    offsets, older, tested, last = without_last(*train)
    chosen = numpy.random.default_rng(0).permutation(len(tested))[:JUDGES]
    users = matrix(offsets, older)

    def gain(model, without):
        best = rank(model, users[tested[chosen]], without)[:, :10]
        hit = best == last[chosen][:, None]
        return float((hit / numpy.log2(numpy.arange(10) + 2)).sum() / len(chosen))

    rules = [question["withoutInputItems"] for question in split["questions"]]
    gains = [[gain(model, without) for without in rules] for model in (fit(settings, users) for settings in grids[name])]
    fitted = {}
    for question, best in zip(split["questions"], numpy.argmax(gains, axis=0)):
        settings = grids[name][best]
        key = str(settings)
        if key not in fitted:
            start, cpu = time.time(), time.process_time()
            fitted[key] = fit(settings, matrix(*train)), time.time() - start, time.process_time() - cpu
        model, seconds, cpu_seconds = fitted[key]
        note = "chosen on held-out events: " + ", ".join(f"{key} {value}" for key, value in settings.items())
        yield question["name"], rank(model, matrix(*lists(question["name"])), question["withoutInputItems"]), seconds, cpu_seconds, note


def by_sasrec():
    """RecTools' SASRec with a softmax over all items, as published for ML-1M: 2 blocks, 200 events, dropout .2, Adam .001, batches of 128."""
    import warnings

    import pandas
    import torch
    from pytorch_lightning import Trainer, seed_everything
    from rectools import Columns
    from rectools.dataset import Dataset
    from rectools.models import SASRecModel

    # This torch's sharded tensors do not load on Python 3.11, and nothing here is distributed.
    torch.distributed.is_available = lambda: False
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    seed_everything(0)

    def trainer():
        return Trainer(
            max_epochs=200,
            max_time={"seconds": int(60 * minutes)},
            accelerator="cpu",
            deterministic=True,
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
            logger=False,
        )

    def dataset(of):
        offsets, events = lists(of)
        lengths = numpy.diff(offsets)
        frame = {
            Columns.User: numpy.repeat(numpy.arange(len(lengths)), lengths),
            Columns.Item: events,
            Columns.Weight: 1.0,
            # Days one after the other: an order is all that is told.
            Columns.Datetime: pandas.Timestamp("2000-01-01")
            + pandas.to_timedelta(numpy.arange(len(events)) - numpy.repeat(offsets[:-1], lengths), unit="m"),
        }
        return Dataset.construct(pandas.DataFrame(frame))

    longest = int(numpy.diff(lists("training")[0]).max())
    model = SASRecModel(
        n_blocks=2,
        n_heads=2,
        n_factors=64,
        dropout_rate=0.2,
        session_max_len=min(200, longest),
        loss="softmax",
        lr=0.001,
        batch_size=128,
        deterministic=True,
        get_trainer_func=trainer,
    )
    start, cpu = time.time(), time.process_time()
    model.fit(dataset("training"))
    took = time.time() - start, time.process_time() - cpu
    epochs = model.fit_trainer.current_epoch
    note = f"{epochs} epochs of 200 in {minutes:g} minutes, torch {torch.__version__} with {torch.get_num_threads()} threads"
    for question in split["questions"]:
        users = numpy.arange(len(lists(question["name"])[0]) - 1)
        ranked = model.recommend(
            users,
            dataset(question["name"]),
            k=LISTED,
            filter_viewed=question["withoutInputItems"],
            on_unsupported_targets="ignore",
        )
        best = numpy.full((len(users), LISTED), -1, numpy.int32)
        best[ranked[Columns.User].to_numpy(), ranked[Columns.Rank].to_numpy() - 1] = ranked[Columns.Item].to_numpy()
        yield question["name"], best, *took, note


answers = {}
for question, best, seconds, cpu_seconds, note in by_sasrec() if name == "sasrec" else by_implicit():
    best.astype(numpy.int32).tofile(os.path.join(folder, question + ".lists"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    answers[question] = dict(seconds=seconds, processorSeconds=cpu_seconds, peakBytes=peak, note=note)
print(json.dumps(answers))
