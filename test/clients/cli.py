"""The AWS CLI without its start: what `aws` runs, read once, forked for every call. Reads the arguments of one call a line from standard
input, writes its exit code and what it said, one line each."""

import json
import os
import sys

from awscli.clidriver import create_clidriver


def read_models(driver):
    """What every call would read again."""
    loader = driver.session.get_component("data_loader")
    for kind in ["service-2", "paginators-1", "endpoint-rule-set-1", "service-2.sdk-extras"]:
        try:
            loader.load_service_model("personalize", kind)
        except Exception:
            pass  # Not every kind of file is there in every version.
    loader.load_data("endpoints")
    loader.load_data("partitions")
    loader.load_data("sdk-default-configuration")
    loader.load_data("_retry")
    driver.create_help_command()


def run(driver, arguments):
    """Exit code, standard output, standard error, as a process of its own has them."""
    streams = [os.pipe(), os.pipe()]
    child = os.fork()
    if child == 0:
        for number, (_, write) in zip([1, 2], streams):
            os.dup2(write, number)
        code = driver.main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    for _, write in streams:
        os.close(write)
    # Answers are shorter than a pipe is long, errors too: neither fills while the other is read.
    texts = [os.fdopen(read, encoding="utf-8").read() for read, _ in streams]
    _, status = os.waitpid(child, 0)
    return {"code": os.waitstatus_to_exitcode(status), "stdout": texts[0], "stderr": texts[1]}


driver = create_clidriver()
read_models(driver)
for line in sys.stdin:
    print(json.dumps(run(driver, json.loads(line))), flush=True)
