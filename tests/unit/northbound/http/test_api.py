"""The document of a refusal that comes before anybody knows whose the request is."""

from __future__ import annotations

import pytest
from lxml import etree

from habar.northbound.http.api import error_body
from habar.northbound.http.xml_answering import error_body as package_error_body


@pytest.mark.parametrize("status", [400, 404, 405, 408, 413, 414, 429, 431, 500, 501, 503, 505])
def test_it_is_an_error_to_every_reader(status):
    root = etree.fromstring(error_body(status))
    package = etree.fromstring(package_error_body(status))
    assert (root.tag, root[0].tag) == ("package", "error")
    assert root.findtext("error") == package.findtext("error")
    codes = [each.text for each in root.iter("statuscode")]
    expected = {429: "429", 500: "200", 503: "503"}.get(status, "400")
    assert codes == [expected, expected]
    assert root.findtext("data/acceptreport/statuscode") == expected
    assert root.findtext("errormessage")
