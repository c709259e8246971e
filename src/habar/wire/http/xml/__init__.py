"""The XML protocol's documents (spec/xml.md): find, parse and answer packages; no I/O.

`document_of` finds the document in a request, `parse` reads it, the functions of `answer` write
the reply. `login_of_broken` helps to decide whether an unreadable package deserves lenience.
"""

from habar.wire.http.xml.answer import (
    balance_section,
    delete_row,
    delete_section,
    message_row,
    message_section,
    package,
    package_error,
    phone_row,
    prices_section,
    status_row,
    status_section,
)
from habar.wire.http.xml.carrier import document_of
from habar.wire.http.xml.lenient import login_of_broken
from habar.wire.http.xml.reading import MAX_DOCUMENT, parse
from habar.wire.http.xml.values import (
    BalanceSection,
    DeleteSection,
    Login,
    MessageSection,
    MsgIn,
    Package,
    PackageFault,
    PricesSection,
    Ref,
    Section,
    StatusSection,
)

__all__ = [
    "MAX_DOCUMENT",
    "BalanceSection",
    "DeleteSection",
    "Login",
    "MessageSection",
    "MsgIn",
    "Package",
    "PackageFault",
    "PricesSection",
    "Ref",
    "Section",
    "StatusSection",
    "balance_section",
    "delete_row",
    "delete_section",
    "document_of",
    "login_of_broken",
    "message_row",
    "message_section",
    "package",
    "package_error",
    "parse",
    "phone_row",
    "prices_section",
    "status_row",
    "status_section",
]
