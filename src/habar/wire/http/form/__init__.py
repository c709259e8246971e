"""The HTTP protocol's requests and answers (spec/http.md); no I/O.

`speaks` tells whether a request is one of the protocol, `read` gives its parameters, the functions
of `messages` say what they ask for, `write` writes the answer.
"""

from habar.wire.http.form.answer import CONTENT_TYPES, write
from habar.wire.http.form.links import RESULTS, bounded, link, quoted, with_query
from habar.wire.http.form.messages import (
    MAX_MESSAGES,
    action_of,
    first_message,
    message_ids,
    messages,
    response_format,
)
from habar.wire.http.form.parameters import MAX_FORM, Parameters, read
from habar.wire.http.form.speaking import is_package, speaks
from habar.wire.http.form.values import (
    ERROR,
    FAILED,
    STATUSES,
    Answer,
    FormFault,
    Item,
    MessageIn,
    ResponseFormat,
)

__all__ = [
    "CONTENT_TYPES",
    "ERROR",
    "FAILED",
    "MAX_FORM",
    "MAX_MESSAGES",
    "RESULTS",
    "STATUSES",
    "Answer",
    "FormFault",
    "Item",
    "MessageIn",
    "Parameters",
    "ResponseFormat",
    "action_of",
    "bounded",
    "first_message",
    "is_package",
    "link",
    "message_ids",
    "messages",
    "quoted",
    "read",
    "response_format",
    "speaks",
    "with_query",
    "write",
]
