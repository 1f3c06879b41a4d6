"""Drops the lines that TensorFlow logs when it starts, and only those.

A warning that Python prints is part of what a reader must see; one that nobody planned fails the build. A cell that shows one on
purpose bears the tag ``shows-stderr``.
"""

import re

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)

# Each is the start of a line, as TensorFlow, XLA and CUDA write it.
KNOWN_LINES = re.compile(
    r"""WARNING:\ All\ log\ messages\ before\ absl::InitializeLog\(\)
    | [IWE]0000\ 00:00:\d+
    | [IWE]\d{4}\ \d\d:\d\d:\d\d\.\d+\s+\d+\ (cuda|cpu_feature_guard|port\.cc|service\.cc|device_compiler|gpu_|computation_placer|util\.cc)
    | \d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d\.\d+:\ [IWE]\ (external/|tensorflow/)
    | To\ enable\ the\ following\ instructions:
    | To\ enable\ them\ in\ other\ operations,\ rebuild\ TensorFlow
    """,
    re.VERBOSE,
)


def without_known_lines(text: str) -> str:
    """What is left of an output on stderr."""
    return "".join(line for line in text.splitlines(keepends=True) if not KNOWN_LINES.match(line)).strip("\n")


def filter_outputs(app, doctree) -> None:
    """Drop known lines from the page's outputs, and warn of the rest."""
    for cell in doctree.findall(lambda node: isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"):
        for output in list(cell.findall(nodes.literal_block)):
            if "stderr" not in output["classes"]:
                continue
            text = without_known_lines(output.astext())
            if not text:
                output.parent.remove(output)
                continue
            output.rawsource = text
            output.children = [nodes.Text(text)]
            if "tag_shows-stderr" not in cell["classes"]:
                logger.warning(
                    "code cell %d writes to stderr: %s (the tag shows-stderr says that it is meant)",
                    cell["cell_index"] + 1,
                    text.splitlines()[0],
                    location=output,
                    type="course",
                    subtype="stderr",
                )
        for part in list(cell.findall(nodes.container)):  # an output that held nothing else leaves no empty box
            if part.get("nb_element") == "cell_code_output" and not part.children:
                part.parent.remove(part)


def setup(app):
    """Run once a page is read."""
    app.connect("doctree-read", filter_outputs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
