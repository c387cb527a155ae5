"""az for many commands: each process of az spends seconds on reading its modules.

Takes the words of a command as JSON, one command a line, and answers a line: its status and what it
printed. Every command has an az of its own, which reads cloud, account and settings anew.

How soon to look at an operation again is said by the server, and 0 means at once: Microsoft's
client takes 0 for no word, and waits half a minute.
"""

import contextlib
import io
import json
import sys

from azure.cli.core import get_default_cli
from azure.core.pipeline.policies._utils import get_retry_after
from azure.core.polling.base_polling import LROBasePolling


def as_told(polling):
    told = get_retry_after(polling._pipeline_response)
    return polling._timeout if told is None else told


LROBasePolling._extract_delay = as_told


def run(words):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            status = get_default_cli().invoke(words, out_file=printed)
        except SystemExit as end:
            status = end.code or 0
    return {"status": status, "stdout": printed.getvalue()}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
